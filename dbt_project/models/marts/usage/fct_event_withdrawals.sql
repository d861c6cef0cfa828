-- grain: one row per by_load_id and by_delivery_id
with

retractions as (

    select
        by_load_id,
        by_delivery_id,
        customer_id,
        event_id,
        reason,
        load_id,
        delivery_id,
        occurred_at
    from {{ ref('stg_ops__event_retractions') }}

),

-- of two voids of one event the second finds nothing left
voids_without_effect as (

    select
        voids.load_id as by_load_id,
        voids.delivery_id as by_delivery_id,
        voids.customer_id,
        voids.voided_event_id as event_id,
        case when retracted_events.event_id is null then 'waiting' else 'withdrawn_already' end as reason
    from {{ ref('stg_ops__event_voids') }} as voids
    left join (
        select distinct
            customer_id,
            event_id
        from retractions
        where reason = 'voided'
    ) as retracted_events
        on
            voids.customer_id = retracted_events.customer_id
            and voids.voided_event_id = retracted_events.event_id
    where voids.settled_load_id is null

),

loads as (

    select
        load_id,
        landed_at
    from {{ ref('stg_ops__loads') }}

),

withdrawals as (

    select
        by_load_id,
        by_delivery_id,
        customer_id,
        event_id,
        reason,
        load_id,
        delivery_id,
        occurred_at
    from retractions
    union all
    select
        by_load_id,
        by_delivery_id,
        customer_id,
        event_id,
        reason,
        null as load_id,
        null as delivery_id,
        null as occurred_at
    from voids_without_effect

),

landed as (

    select
        withdrawals.by_load_id,
        withdrawals.by_delivery_id,
        withdrawals.customer_id,
        withdrawals.event_id,
        withdrawals.reason,
        withdrawals.load_id,
        withdrawals.delivery_id,
        withdrawals.occurred_at,
        loads.landed_at
    from withdrawals
    inner join loads on withdrawals.by_load_id = loads.load_id

)

select * from landed
