-- grain: one row per customer_id, meter_id, dimension_key and usage_date
{{
    config(
        materialized='load_applied',
        pending='pending_valued_parts',
        aggregation='latest',
        row_counts='row_counts_of_hourly',
        primary_key=['customer_id', 'meter_id', 'dimension_key', 'usage_date'],
        on_conflict={
            'keys': ['customer_id', 'meter_id', 'dimension_key', 'usage_date'],
            'add': ['event_count'],
            'newest': ['latest_at', 'latest_event_id', 'latest_quantity']
        },
        crash_stage='aggregation.latest_',
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

    select distinct on (customer_id, meter_id, dimension_key, usage_date)
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        count(*) over (partition by customer_id, meter_id, dimension_key, usage_date) as event_count,
        occurred_at as latest_at,
        event_id as latest_event_id,
        quantity as latest_quantity
    from events
    order by customer_id, meter_id, dimension_key, usage_date, occurred_at desc, event_id desc

)

select * from added
