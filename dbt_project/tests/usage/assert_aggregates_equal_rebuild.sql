-- What was added up load by load is what one pass over all facts gives, to the last digit: every key, every piece.
{{ config(tags=['whole_history']) }}

with

rebuilt as (

    select
        events.customer_id,
        meters.meter_id,
        {{ dimension_key('events.properties::jsonb', 'meters.dimensions') }} as dimension_key,
        (events.occurred_at at time zone 'UTC')::date as usage_date,
        count(*) as event_count,
        sum(events.quantity) as quantity_sum,
        max(events.quantity) as quantity_max
    from {{ ref('fct_usage_events') }} as events
    inner join {{ ref('int_meters_defined') }} as meters on events.event_type = meters.event_type
    group by events.customer_id, meters.meter_id, dimension_key, usage_date

),

rebuilt_daily as (

    select
        'daily' as grain, customer_id, meter_id, dimension_key, usage_date as period_start,
        event_count, quantity_sum, quantity_max
    from rebuilt

),

rebuilt_monthly as (

    select
        'monthly' as grain, customer_id, meter_id, dimension_key,
        date_trunc('month', usage_date::timestamp)::date as period_start,
        sum(event_count)::bigint as event_count,
        sum(quantity_sum) as quantity_sum,
        max(quantity_max) as quantity_max
    from rebuilt
    group by customer_id, meter_id, dimension_key, period_start

),

kept as (

    select
        'daily' as grain, customer_id, meter_id, dimension_key, usage_date as period_start,
        event_count, quantity_sum, quantity_max
    from {{ ref('agg_usage_daily') }}
    union all
    select
        'monthly' as grain, customer_id, meter_id, dimension_key, usage_month as period_start,
        event_count, quantity_sum, quantity_max
    from {{ ref('agg_usage_monthly') }}

),

both_sides as (

    select * from rebuilt_daily
    union all
    select * from rebuilt_monthly

)

(select * from both_sides except all select * from kept)
union all
(select * from kept except all select * from both_sides)
