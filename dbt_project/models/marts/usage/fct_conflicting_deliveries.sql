-- grain: one row per load_id and delivery_id that conflicts with an accepted event
with

conflicts as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        first_delivery_id,
        state,
        landed_at
    from {{ ref('int_quarantine_states') }}
    where reason = 'conflicting_duplicate'

),

deliveries as (

    select
        load_id,
        delivery_id,
        event_type,
        occurred_at,
        quantity,
        properties
    from {{ ref('int_usage_events_judged') }}

),

accepted_events as (

    select
        customer_id,
        event_id,
        event_type,
        occurred_at,
        quantity,
        properties,
        load_id
    from {{ ref('fct_usage_events') }}

),

-- distinct, because a crash can land a delivery twice
later as (

    select distinct on (conflicts.load_id, conflicts.delivery_id)
        conflicts.*,
        deliveries.event_type,
        deliveries.occurred_at,
        deliveries.quantity,
        deliveries.properties
    from conflicts
    inner join deliveries
        on
            conflicts.load_id = deliveries.load_id
            and conflicts.delivery_id = deliveries.delivery_id
    order by conflicts.load_id, conflicts.delivery_id

),

compared as (

    select
        later.load_id,
        later.delivery_id,
        later.customer_id,
        later.event_id,
        later.first_delivery_id,
        accepted_events.load_id as first_load_id,
        later.state,
        concat_ws(
            ', ',
            case when later.event_type <> accepted_events.event_type then 'event_type' end,
            case when later.occurred_at <> accepted_events.occurred_at then 'occurred_at' end,
            case when later.quantity <> accepted_events.quantity then 'quantity' end,
            case when later.properties <> accepted_events.properties then 'properties' end
        ) as differing_fields,
        later.event_type,
        later.occurred_at,
        later.quantity,
        later.properties,
        accepted_events.event_type as first_event_type,
        accepted_events.occurred_at as first_occurred_at,
        accepted_events.quantity as first_quantity,
        accepted_events.properties as first_properties,
        later.landed_at
    from later
    inner join accepted_events
        on
            later.customer_id = accepted_events.customer_id
            and later.event_id = accepted_events.event_id

)

select * from compared
