{# Makes the monthly partitions (UTC) that the pending rows need; each is made alone and then attached, so that
   readers of the table are not blocked, and can be detached again.
   months_sql: a query of the months as text 'YYYY-MM'. #}
{%- macro create_month_partitions(relation, months_sql) -%}
    {%- for row in run_query(months_sql) -%}
        {%- set month = row[0] -%}
        {%- set partition = relation.incorporate(
            path={'identifier': relation.identifier ~ '_' ~ month | replace('-', '_')}
        ) -%}
        {%- set found = run_query("select to_regclass('" ~ partition ~ "') is not null as is_found") -%}
        {%- if not found.rows[0]['is_found'] -%}
            {%- set year, number = month.split('-')[0] | int, month.split('-')[1] | int -%}
            {%- set next_month = '%04d-%02d' | format(year + number // 12, number % 12 + 1) -%}
            {%- call statement('create_partition') -%}
                create table {{ partition }} (like {{ relation }} including all);
                alter table {{ relation }} attach partition {{ partition }}
                for values from ('{{ month }}-01 00:00:00+00') to ('{{ next_month }}-01 00:00:00+00')
            {%- endcall -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro -%}
