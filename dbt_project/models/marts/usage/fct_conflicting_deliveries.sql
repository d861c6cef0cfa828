-- grain: one row per load_id and delivery_id that says something else of an accepted event
with

retractions as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        by_load_id,
        by_delivery_id
    from {{ ref('stg_ops__event_retractions') }}
    where reason = 'superseded'

),

loads as (

    select
        load_id,
        landed_at
    from {{ ref('stg_ops__loads') }}

),

quarantined as (

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

accepted as (

    select event_key_high, event_key_low, customer_id, load_id, delivery_id
    from {{ ref('stg_ops__event_registry') }}
    union all
    select event_key_high, event_key_low, customer_id, load_id, delivery_id
    from {{ ref('stg_ops__event_revisions') }}

),

pairs as (

    select
        quarantined.load_id,
        quarantined.delivery_id,
        quarantined.customer_id,
        quarantined.event_id,
        quarantined.first_delivery_id,
        accepted.load_id as first_load_id,
        quarantined.state,
        quarantined.landed_at
    from quarantined
    inner join accepted
        on
            accepted.event_key_high = hashtextextended(quarantined.event_id, 0)
            and accepted.event_key_low = hashtextextended(quarantined.event_id, 1)
            and accepted.customer_id = quarantined.customer_id
            and accepted.delivery_id = quarantined.first_delivery_id
    union all
    select
        retractions.by_load_id as load_id,
        retractions.by_delivery_id as delivery_id,
        retractions.customer_id,
        retractions.event_id,
        retractions.delivery_id as first_delivery_id,
        retractions.load_id as first_load_id,
        'accepted' as state,
        loads.landed_at
    from retractions
    inner join loads on retractions.by_load_id = loads.load_id

),

deliveries as (

    select
        load_id,
        delivery_id,
        event_type,
        occurred_at,
        quantity,
        properties
    from {{ ref('stg_usage__events') }}

),

-- distinct, because a crash can land a delivery twice
compared as (

    select distinct on (pairs.load_id, pairs.delivery_id)
        pairs.load_id,
        pairs.delivery_id,
        pairs.customer_id,
        pairs.event_id,
        pairs.first_delivery_id,
        pairs.first_load_id,
        pairs.state,
        concat_ws(
            ', ',
            case when later.event_type <> earlier.event_type then 'event_type' end,
            case when later.occurred_at <> earlier.occurred_at then 'occurred_at' end,
            case when later.quantity <> earlier.quantity then 'quantity' end,
            case when later.properties <> earlier.properties then 'properties' end
        ) as differing_fields,
        later.event_type,
        later.occurred_at,
        later.quantity,
        later.properties,
        earlier.event_type as first_event_type,
        earlier.occurred_at as first_occurred_at,
        earlier.quantity as first_quantity,
        earlier.properties as first_properties,
        pairs.landed_at
    from pairs
    inner join deliveries as later
        on pairs.load_id = later.load_id and pairs.delivery_id = later.delivery_id
    inner join deliveries as earlier
        on pairs.first_load_id = earlier.load_id and pairs.first_delivery_id = earlier.delivery_id
    order by pairs.load_id, pairs.delivery_id, pairs.first_load_id

)

select * from compared
