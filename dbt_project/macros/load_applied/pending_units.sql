{# Runs the query of pending work; returns a list of {part, load_id, ledger_name} in a fixed order. #}
{%- macro pending_units(pending_sql) -%}
    {%- set units = [] -%}
    {%- for row in run_query('select part, load_id from (' ~ pending_sql ~ ') as pending order by part, load_id') -%}
        {%- do units.append({
            'part': row['part'],
            'load_id': row['load_id'] | int,
            'ledger_name': model.name if row['part'] is none else model.name ~ '/' ~ row['part']
        }) -%}
    {%- endfor -%}
    {{ return(units) }}
{%- endmacro -%}
