{# An expression: the customers whose usage some loads brought or withdrew; null when they are more than can be named
   in a query. #}
{%- macro customers_of_loads(loads) -%}
    {%- set most = 20000 -%}
    {%- set load_list = loads | join(', ') -%}
    {%- if loads | length == 0 -%}
        '{}'::text[]
    {%- else -%}
        (
            select case when count(*) <= {{ most }} then array_agg(touched.customer_id order by touched.customer_id) end
            from (
                select customer_id
                from {{ graph.nodes['model.' ~ project_name ~ '.agg_usage_hourly'].relation_name }}
                where load_id in ({{ load_list }})
                union
                select customer_id from {{ source('ops', 'event_retractions') }}
                where decided_load_id in ({{ load_list }}) or load_id in ({{ load_list }})
                limit {{ most + 1 }}
            ) as touched
        )
    {%- endif -%}
{%- endmacro -%}
