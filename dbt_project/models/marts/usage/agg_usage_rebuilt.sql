-- grain: one row per customer_id, meter_id, dimension_key, hour_start and load_id
with

-- the range is an argument of the session that asks; without one it is everything
events as (

    select
        customer_id,
        event_type,
        occurred_at,
        quantity,
        properties,
        load_id
    from {{ ref('fct_usage_events') }}
    where
        occurred_at >= coalesce(
            nullif(current_setting('meterhouse.usage_from', true), ''), '-infinity'
        )::timestamptz
        and occurred_at < coalesce(
            nullif(current_setting('meterhouse.usage_to', true), ''), 'infinity'
        )::timestamptz

),

meters as (

    select
        meter_id,
        event_type,
        dimensions
    from {{ ref('int_meters_defined') }}

),

by_properties as materialized (

    select
        customer_id,
        event_type,
        date_trunc('hour', occurred_at, 'UTC') as hour_start,
        properties,
        load_id,
        count(*) as event_count,
        sum(quantity) as quantity_sum,
        max(quantity) as quantity_max
    from events
    group by customer_id, event_type, hour_start, properties, load_id

),

-- materialised, so that a key is made once for each set of properties and not for each row
dimension_keys as materialized (

    select
        meters.meter_id,
        property_sets.event_type,
        property_sets.properties,
        {{ dimension_key('property_sets.properties::jsonb', 'meters.dimensions') }} as dimension_key
    from (select distinct event_type, properties from by_properties) as property_sets
    inner join meters on property_sets.event_type = meters.event_type

),

rebuilt as (

    select
        by_properties.customer_id,
        dimension_keys.meter_id,
        dimension_keys.dimension_key,
        by_properties.hour_start,
        by_properties.load_id,
        sum(by_properties.event_count)::bigint as event_count,
        sum(by_properties.quantity_sum)::numeric(60, 9) as quantity_sum,
        max(by_properties.quantity_max)::numeric(38, 9) as quantity_max
    from by_properties
    inner join dimension_keys
        on
            by_properties.event_type = dimension_keys.event_type
            and by_properties.properties = dimension_keys.properties
    group by
        by_properties.customer_id,
        dimension_keys.meter_id,
        dimension_keys.dimension_key,
        by_properties.hour_start,
        by_properties.load_id

)

select * from rebuilt
