{# The months of the deliveries of some loads that nothing speaks against. #}
{%- macro months_of_pending_deliveries(load_list) -%}
    select to_char(month_start at time zone 'UTC', 'YYYY-MM') as month_name
    from (
        select distinct date_trunc('month', occurred_at, 'UTC') as month_start
        from {{ ref('int_usage_events_judged') }}
        where load_id in {{ load_list }} and quarantine_reason is null
    ) as months
    order by month_name
{%- endmacro -%}
