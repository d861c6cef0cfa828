{# The months of the facts of some loads. #}
{%- macro months_of_pending_facts(load_list) -%}
    select to_char(month_start at time zone 'UTC', 'YYYY-MM') as month_name
    from (
        select distinct date_trunc('month', occurred_at, 'UTC') as month_start
        from {{ ref('fct_usage_events') }}
        where load_id in {{ load_list }}
    ) as months
    order by month_name
{%- endmacro -%}
