{# Makes the monthly partitions (UTC) that the pending rows need; each is made alone and then attached, so that
   readers of the table are not blocked, and can be detached again; one that was detached comes back with its rows.
   months_sql: a query of the months as text 'YYYY-MM'. #}
{%- macro create_month_partitions(relation, months_sql) -%}
    {%- for row in run_query(months_sql) -%}
        {%- set month = row[0] -%}
        {%- set partition = relation.incorporate(
            path={'identifier': relation.identifier ~ '_' ~ month | replace('-', '_')}
        ) -%}
        {%- set found = run_query(
            "select to_regclass('" ~ partition ~ "') is not null as is_found, exists ("
            ~ "select from pg_inherits where inhrelid = to_regclass('" ~ partition ~ "')) as is_attached"
        ).rows[0] -%}
        {%- if not found['is_attached'] -%}
            {%- set year, number = month.split('-')[0] | int, month.split('-')[1] | int -%}
            {%- set next_month = '%04d-%02d' | format(year + number // 12, number % 12 + 1) -%}
            {%- call statement('create_partition') -%}
                {% if not found['is_found'] -%}
                create table {{ partition }} (like {{ relation }} including all);
                {% endif -%}
                alter table {{ relation }} attach partition {{ partition }}
                for values from ('{{ month }}-01 00:00:00+00') to ('{{ next_month }}-01 00:00:00+00')
            {%- endcall -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro -%}
