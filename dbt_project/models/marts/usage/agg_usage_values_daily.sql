-- grain: one row per customer_id, meter_id, dimension_key, usage_date and value_key
{{
    config(
        materialized='load_applied',
        pending='pending_valued_parts',
        aggregation='unique_count',
        row_counts='row_counts_of_hourly',
        primary_key=['customer_id', 'meter_id', 'dimension_key', 'usage_date', 'value_key'],
        on_conflict={
            'keys': ['customer_id', 'meter_id', 'dimension_key', 'usage_date', 'value_key'],
            'add': ['event_count']
        },
        crash_stage='aggregation.values_',
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

-- an event without the property is of before the meter: later ones are quarantined
added as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        value_key,
        count(*) as event_count
    from events
    where value_key is not null
    group by customer_id, meter_id, dimension_key, usage_date, value_key

)

select * from added
order by customer_id, meter_id, dimension_key, usage_date, value_key
