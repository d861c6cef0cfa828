{# Gives a table of closed rows the columns that its contract has gained, empty in the rows closed before, and lets
   those be empty that the contract requires no longer. Nothing is ever taken away. #}
{%- macro extend_closed_table(relation, node) -%}
    {%- set found = run_query(
        "select attname as name, attnotnull as is_required from pg_attribute where attrelid = to_regclass('" ~ relation
        ~ "') and attnum > 0 and not attisdropped"
    ) -%}
    {%- set required = {} -%}
    {%- for row in found.rows -%}
        {%- do required.update({row['name']: row['is_required']}) -%}
    {%- endfor -%}
    {%- set changes = [] -%}
    {%- for column in node.columns.values() -%}
        {%- set is_wanted = column.constraints | selectattr('type', 'equalto', 'not_null') | list | length > 0 -%}
        {%- if column.name not in required -%}
            {%- do changes.append(
                'add column ' ~ column.name ~ ' ' ~ column.data_type
                ~ (' collate "C"' if column.data_type == 'text' else '')
            ) -%}
        {%- elif required[column.name] and not is_wanted
            and column.name not in node.config.get('primary_key', []) -%}
            {%- do changes.append('alter column ' ~ column.name ~ ' drop not null') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if changes -%}
        {%- do run_query('alter table ' ~ relation ~ ' ' ~ changes | join(', ')) -%}
    {%- endif -%}
{%- endmacro -%}
