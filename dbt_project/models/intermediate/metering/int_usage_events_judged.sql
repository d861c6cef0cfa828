-- grain: one row per landed delivery that is an event
with

deliveries as (

    select
        load_id,
        delivery_id,
        file_number,
        line_number,
        customer_id,
        event_id,
        event_type,
        occurred_at,
        quantity,
        properties
    from {{ ref('stg_usage__events') }}

),

loads as (

    select
        load_id,
        landed_at
    from {{ ref('stg_ops__loads') }}

),

known_customers as (

    select customer_id from {{ ref('int_customers_known') }}

),

known_event_types as (

    select
        event_type,
        array_agg(distinct counted_property) filter (where counted_property is not null) as counted_properties
    from {{ ref('int_meters_defined') }}
    group by event_type
    union all
    -- what withdraws an event names it
    select
        'event.voided' as event_type,
        array['voids'] as counted_properties

),

judged as (

    select
        deliveries.load_id,
        deliveries.delivery_id,
        deliveries.file_number,
        deliveries.line_number,
        deliveries.customer_id,
        deliveries.event_id,
        deliveries.event_type,
        deliveries.occurred_at,
        deliveries.quantity,
        deliveries.properties,
        hashtextextended(deliveries.event_id, 0) as event_key_high,
        hashtextextended(deliveries.event_id, 1) as event_key_low,
        hash_record_extended(
            row(
                deliveries.event_id,
                deliveries.event_type,
                deliveries.occurred_at,
                deliveries.quantity,
                deliveries.properties
            ),
            0
        ) as payload_hash,
        case
            when known_customers.customer_id is null then 'unknown_customer'
            when known_event_types.event_type is null then 'unknown_event_type'
            when
                deliveries.occurred_at < timestamptz '2000-01-01 00:00:00+00'
                or deliveries.occurred_at >= loads.landed_at + interval '24 hours'
                then 'time_out_of_range'
            -- properties are read for the types that need it only
            when
                known_event_types.counted_properties is not null
                and exists (
                    select 1 from unnest(known_event_types.counted_properties) as needed (property)
                    where coalesce(deliveries.properties::jsonb ->> needed.property, '') = ''
                )
                then 'unmeasurable'
        end as quarantine_reason,
        case
            when known_customers.customer_id is null then 'customer_id is in no catalog version'
            when known_event_types.event_type is null
                then 'no meter counts events of type ' || deliveries.event_type
            when
                deliveries.occurred_at < timestamptz '2000-01-01 00:00:00+00'
                or deliveries.occurred_at >= loads.landed_at + interval '24 hours'
                then 'occurred_at is before 2000 or more than a day after the landing'
            when
                known_event_types.counted_properties is not null
                and exists (
                    select 1 from unnest(known_event_types.counted_properties) as needed (property)
                    where coalesce(deliveries.properties::jsonb ->> needed.property, '') = ''
                )
                then
                'a property that is needed is missing or empty here; such properties: '
                || array_to_string(known_event_types.counted_properties, ', ')
        end as quarantine_detail
    from deliveries
    inner join loads on deliveries.load_id = loads.load_id
    left join known_customers on deliveries.customer_id = known_customers.customer_id
    left join known_event_types on deliveries.event_type = known_event_types.event_type

)

select * from judged
