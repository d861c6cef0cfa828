-- grain: one row per customer_id, meter_id, dimension_key, usage_date and quantity
{{
    config(
        materialized='load_applied',
        pending='pending_valued_parts',
        aggregation='percentile',
        row_counts='row_counts_of_hourly',
        primary_key=['customer_id', 'meter_id', 'dimension_key', 'usage_date', 'quantity'],
        on_conflict={
            'keys': ['customer_id', 'meter_id', 'dimension_key', 'usage_date', 'quantity'],
            'add': ['event_count']
        },
        crash_stage='aggregation.quantities_',
        withdraw='withdraw_from_periods',
        withdraw_after=['agg_usage_hourly.retractions', 'fct_usage_events.retractions'],
        withdraw_period='day',
        withdraw_column='usage_date',
        withdraw_instant='occurred_at',
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}
-- depends_on: {{ ref('agg_usage_hourly') }}

with

events as (

    {{ pending_metered_events() }}

),

added as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        quantity,
        count(*) as event_count
    from events
    group by customer_id, meter_id, dimension_key, usage_date, quantity

)

select * from added
order by customer_id, meter_id, dimension_key, usage_date, quantity
