-- grain: one row per customer_id, event_id and meter_id
with

events as (

    select
        customer_id,
        event_id,
        event_type,
        occurred_at,
        quantity,
        properties,
        load_id,
        delivery_id
    from {{ ref('fct_usage_events') }}

),

meters as (

    select
        meter_id,
        event_type,
        aggregation,
        unit,
        dimensions,
        counted_property
    from {{ ref('int_meters_defined') }}

),

metered as (

    select
        events.customer_id,
        events.event_id,
        meters.meter_id,
        {{ dimension_key('events.properties::jsonb', 'meters.dimensions') }} as dimension_key,
        events.event_type,
        meters.aggregation,
        meters.unit,
        case
            when meters.counted_property is not null
                then {{ value_key('events.properties::jsonb', 'meters.counted_property') }}
        end as value_key,
        events.occurred_at,
        events.quantity,
        events.load_id,
        events.delivery_id
    from events
    inner join meters on events.event_type = meters.event_type

)

select * from metered
