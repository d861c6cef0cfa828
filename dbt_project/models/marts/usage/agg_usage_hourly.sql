-- grain: one row per customer_id, meter_id, dimension_key, hour_start and load_id
{{
    config(
        materialized='load_applied',
        pending='pending_meter_loads',
        partition_by='hour_start',
        partition_months='months_of_accepted_events',
        row_counts='row_counts_by_meter_load',
        brin='load_id',
        crash_stage='aggregation.hourly_',
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}
-- depends_on: {{ ref('int_loads_admitted') }}

with

pending as (

    select
        meter_id,
        load_id
    from {{ pending_parts() }} as pending_parts (meter_id, load_id)

),

landed_twice as (

    {{ loads_landed_twice() }}

),

-- what the facts are made of, so that both can be made side by side
events as (

    {{ accepted_events() }}

),

meters as (

    select
        meter_id,
        event_type,
        dimensions
    from {{ ref('int_meters_defined') }}
    where meter_id in (select pending.meter_id from pending)

),

by_properties as (

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

distinct_properties as (

    select distinct
        event_type,
        properties
    from by_properties

),

-- materialised, so that a key is made once for each set of properties and not for each row
dimension_keys as materialized (

    select
        meters.meter_id,
        distinct_properties.event_type,
        distinct_properties.properties,
        {{ dimension_key('distinct_properties.properties::jsonb', 'meters.dimensions') }} as dimension_key
    from distinct_properties
    inner join meters on distinct_properties.event_type = meters.event_type

),

by_dimension as (

    select
        by_properties.customer_id,
        dimension_keys.meter_id,
        dimension_keys.dimension_key,
        by_properties.hour_start,
        by_properties.load_id,
        sum(by_properties.event_count)::bigint as event_count,
        sum(by_properties.quantity_sum)::numeric(38, 9) as quantity_sum,
        max(by_properties.quantity_max)::numeric(38, 9) as quantity_max
    from by_properties
    inner join dimension_keys
        on
            by_properties.event_type = dimension_keys.event_type
            and by_properties.properties = dimension_keys.properties
    inner join pending
        on
            dimension_keys.meter_id = pending.meter_id
            and by_properties.load_id = pending.load_id
    group by
        by_properties.customer_id,
        dimension_keys.meter_id,
        dimension_keys.dimension_key,
        by_properties.hour_start,
        by_properties.load_id

)

select * from by_dimension
