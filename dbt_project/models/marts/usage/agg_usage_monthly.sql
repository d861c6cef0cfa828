-- grain: one row per customer_id, meter_id, dimension_key and usage_month
{{
    config(
        materialized='load_applied',
        pending='pending_hourly_parts',
        row_counts='row_counts_of_hourly',
        primary_key=['customer_id', 'meter_id', 'dimension_key', 'usage_month'],
        on_conflict={
            'keys': ['customer_id', 'meter_id', 'dimension_key', 'usage_month'],
            'add': ['event_count', 'quantity_sum'],
            'greatest': ['quantity_max']
        },
        crash_stage='aggregation.monthly_',
        withdraw='withdraw_from_periods',
        withdraw_after=['agg_usage_hourly.retractions'],
        withdraw_period='month',
        withdraw_column='usage_month',
        withdraw_instant='hour_start',
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

with

pending as (

    select
        meter_id,
        load_id
    from {{ pending_parts() }} as pending_parts (meter_id, load_id)

),

hourly as (

    select
        customer_id,
        meter_id,
        dimension_key,
        hour_start,
        load_id,
        event_count,
        quantity_sum,
        quantity_max
    from {{ ref('agg_usage_hourly') }}
    where load_id in {{ pending_loads() }}

),

added as (

    select
        hourly.customer_id,
        hourly.meter_id,
        hourly.dimension_key,
        date_trunc('month', hourly.hour_start at time zone 'UTC')::date as usage_month,
        sum(hourly.event_count)::bigint as event_count,
        sum(hourly.quantity_sum)::numeric(60, 9) as quantity_sum,
        max(hourly.quantity_max)::numeric(38, 9) as quantity_max
    from hourly
    inner join pending
        on
            hourly.meter_id = pending.meter_id
            and hourly.load_id = pending.load_id
    group by hourly.customer_id, hourly.meter_id, hourly.dimension_key, usage_month

)

select * from added
order by customer_id, meter_id, dimension_key, usage_month
