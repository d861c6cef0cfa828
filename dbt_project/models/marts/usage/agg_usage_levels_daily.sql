-- grain: one row per customer_id, meter_id, dimension_key and usage_date
{{
    config(
        materialized='load_applied',
        pending='pending_valued_parts',
        aggregation='weighted_sum',
        row_counts='row_counts_of_hourly',
        primary_key=['customer_id', 'meter_id', 'dimension_key', 'usage_date'],
        on_conflict={
            'keys': ['customer_id', 'meter_id', 'dimension_key', 'usage_date'],
            'add': ['event_count', 'level_change', 'unit_seconds']
        },
        crash_stage='aggregation.levels_',
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

-- a change counts from its instant on: what it adds to the day, and to the level of every later day
added as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        count(*) as event_count,
        sum(quantity)::numeric(60, 9) as level_change,
        sum(
            quantity * extract(epoch from (usage_date + 1)::timestamp at time zone 'UTC' - occurred_at)
        )::numeric(60, 15) as unit_seconds
    from events
    group by customer_id, meter_id, dimension_key, usage_date

)

select * from added
order by customer_id, meter_id, dimension_key, usage_date
