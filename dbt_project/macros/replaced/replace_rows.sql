{# Makes the rows of a replaced table again: all of them, or those of the touched customers, an array in SQL; these
   are read from tables that are cut to the customers below every view (ops.stacked_query). #}
{%- macro replace_rows(relation, model_sql, touched) -%}
    {%- set columns = model.columns.keys() | join(', ') -%}
    {%- set rows_sql = model_sql if touched is none else run_query(
        'select ops.stacked_query(' ~ quoted_literal(model_sql) ~ ', ' ~ touched ~ ') as query'
    ).rows[0]['query'] -%}
    {%- call statement('remove') -%}
        delete from {{ relation }}
        {%- if touched is not none %} where customer_id = any({{ touched }}) {%- endif -%}
    {%- endcall -%}
    {%- call statement('main') -%}
        insert into {{ relation }} ({{ columns }})
        select {{ columns }} from (
        {{ rows_sql }}
        ) as replacing_rows
    {%- endcall -%}
    {%- if touched is none -%}
        {%- do run_query('analyze ' ~ relation) -%}
    {%- else -%}
        {%- do analyze_when_grown(relation, load_result('main').response.rows_affected) -%}
    {%- endif -%}
{%- endmacro -%}
