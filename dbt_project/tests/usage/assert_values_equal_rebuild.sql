-- What was kept of values load by load is what one pass over all facts gives, to the last digit: every key and piece.
{{ config(tags=['whole_history']) }}

with

events as (

    select
        events.customer_id,
        meters.meter_id,
        meters.aggregation,
        {{ dimension_key('events.properties::jsonb', 'meters.dimensions') }} as dimension_key,
        (events.occurred_at at time zone 'UTC')::date as usage_date,
        events.occurred_at,
        events.event_id,
        events.quantity,
        {{ value_key('events.properties::jsonb', 'meters.counted_property') }} as value_key
    from {{ ref('fct_usage_events') }} as events
    inner join {{ ref('int_meters_defined') }} as meters on events.event_type = meters.event_type
    where meters.aggregation in ('latest', 'unique_count', 'percentile', 'weighted_sum')

),

-- one column of text for what is kept beside the counts, written alike on both sides
rebuilt as (

    select
        customer_id, meter_id, dimension_key, usage_date, count(*) as event_count,
        (array_agg(
            jsonb_build_array(occurred_at, event_id, quantity) order by occurred_at desc, event_id desc
        ))[1]::text as kept_text
    from events
    where aggregation = 'latest'
    group by customer_id, meter_id, dimension_key, usage_date
    union all
    select customer_id, meter_id, dimension_key, usage_date, count(*) as event_count, value_key as kept_text
    from events
    where aggregation = 'unique_count' and value_key is not null
    group by customer_id, meter_id, dimension_key, usage_date, value_key
    union all
    select customer_id, meter_id, dimension_key, usage_date, count(*) as event_count, quantity::text as kept_text
    from events
    where aggregation = 'percentile'
    group by customer_id, meter_id, dimension_key, usage_date, quantity
    union all
    select
        customer_id, meter_id, dimension_key, usage_date, count(*) as event_count,
        jsonb_build_array(
            sum(quantity)::numeric(60, 9),
            sum(
                quantity * extract(epoch from (usage_date + 1)::timestamp at time zone 'UTC' - occurred_at)
            )::numeric(60, 15)
        )::text as kept_text
    from events
    where aggregation = 'weighted_sum'
    group by customer_id, meter_id, dimension_key, usage_date

),

kept as (

    select
        customer_id, meter_id, dimension_key, usage_date, event_count,
        jsonb_build_array(latest_at, latest_event_id, latest_quantity)::text as kept_text
    from {{ ref('agg_usage_latest_daily') }}
    union all
    select customer_id, meter_id, dimension_key, usage_date, event_count, value_key as kept_text
    from {{ ref('agg_usage_values_daily') }}
    union all
    select customer_id, meter_id, dimension_key, usage_date, event_count, quantity::text as kept_text
    from {{ ref('agg_usage_quantities_daily') }}
    union all
    select
        customer_id, meter_id, dimension_key, usage_date, event_count,
        jsonb_build_array(level_change, unit_seconds)::text as kept_text
    from {{ ref('agg_usage_levels_daily') }}

)

(select * from rebuilt except all select * from kept)
union all
(select * from kept except all select * from rebuilt)
