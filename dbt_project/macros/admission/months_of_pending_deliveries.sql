{# The months of the deliveries of some loads that nothing speaks against. #}
{%- macro months_of_pending_deliveries(load_list) -%}
    select distinct to_char(date_trunc('month', occurred_at, 'UTC') at time zone 'UTC', 'YYYY-MM') as month_name
    from {{ ref('int_usage_events_judged') }}
    where load_id in {{ load_list }} and quarantine_reason is null
    order by month_name
{%- endmacro -%}
