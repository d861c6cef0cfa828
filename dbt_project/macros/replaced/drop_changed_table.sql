{# Drops a replaced table whose columns are not those of the contract any more; its rows can be made again. #}
{%- macro drop_changed_table(relation, node) -%}
    {%- set found = run_query(
        "select attname as name from pg_attribute where attrelid = to_regclass('" ~ relation
        ~ "') and attnum > 0 and not attisdropped order by attnum"
    ) -%}
    {%- set names = found.columns['name'].values() | list -%}
    {%- if names and names != node.columns.keys() | list -%}
        {%- do run_query('drop table ' ~ relation ~ ' cascade') -%}
        {%- do run_query(
            'delete from ' ~ source('ops', 'replaced_models') ~ ' where model_name = ' ~ quoted_literal(node.name)
        ) -%}
    {%- endif -%}
{%- endmacro -%}
