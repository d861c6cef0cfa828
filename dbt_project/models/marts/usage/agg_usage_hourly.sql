-- grain: one row per customer_id, meter_id, dimension_key, hour_start and load_id
{{
    config(
        materialized='load_applied',
        pending='pending_meter_loads',
        partition_by='hour_start',
        partition_months='months_of_accepted_events',
        row_counts='row_counts_by_meter_load',
        groups_by_hash=true,
        brin='load_id',
        crash_stage='aggregation.hourly_',
        withdraw='withdraw_hourly',
        withdraw_after=['int_loads_admitted'],
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

-- of all deliveries: those that were refused cost less here than to leave them out
distinct_properties as (

    select distinct
        event_type,
        properties
    from {{ ref('stg_usage__events') }}
    where load_id in {{ pending_loads() }}

),

-- materialised, so that a key is made once for each set of properties and not for each row
dimension_keys as materialized (

    select
        keys.meter_id,
        keys.event_type,
        keys.properties,
        keys.dimension_key,
        dense_rank() over (order by keys.meter_id, keys.dimension_key) as key_number
    from (
        select
            meters.meter_id,
            distinct_properties.event_type,
            distinct_properties.properties,
            {{ dimension_key('distinct_properties.properties::jsonb', 'meters.dimensions') }} as dimension_key
        from distinct_properties
        inner join meters on distinct_properties.event_type = meters.event_type
    ) as keys

),

-- by a number in place of the texts that it stands for
by_key as (

    select
        events.customer_id,
        dimension_keys.key_number,
        date_bin(interval '1 hour', events.occurred_at, timestamptz '2000-01-01 00:00:00+00') as hour_start,
        events.load_id,
        count(*) as event_count,
        sum(events.quantity) as quantity_sum,
        max(events.quantity) as quantity_max
    from events
    inner join dimension_keys
        on
            events.event_type = dimension_keys.event_type
            and events.properties = dimension_keys.properties
    group by events.customer_id, dimension_keys.key_number, hour_start, events.load_id

),

keys as (

    select distinct
        key_number,
        meter_id,
        dimension_key
    from dimension_keys

),

by_dimension as (

    select
        by_key.customer_id,
        keys.meter_id,
        keys.dimension_key,
        by_key.hour_start,
        by_key.load_id,
        by_key.event_count,
        by_key.quantity_sum::numeric(60, 9) as quantity_sum,
        by_key.quantity_max::numeric(38, 9) as quantity_max
    from by_key
    inner join keys on by_key.key_number = keys.key_number
    inner join pending
        on
            keys.meter_id = pending.meter_id
            and by_key.load_id = pending.load_id

)

select * from by_dimension
