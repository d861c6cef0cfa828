{# The months of the facts of some loads. #}
{%- macro months_of_pending_facts(load_list) -%}
    select distinct to_char(date_trunc('month', occurred_at, 'UTC') at time zone 'UTC', 'YYYY-MM') as month_name
    from {{ ref('fct_usage_events') }}
    where load_id in {{ load_list }}
    order by month_name
{%- endmacro -%}
