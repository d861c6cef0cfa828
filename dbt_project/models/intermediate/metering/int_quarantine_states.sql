-- grain: one row per load_id and delivery_id that is in quarantine
with

fates as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        reason,
        detail,
        first_delivery_id
    from {{ ref('stg_ops__event_fates') }}
    where fate = 'quarantined'

),

loads as (

    select
        load_id,
        source,
        landed_at
    from {{ ref('stg_ops__loads') }}

),

decisions as (

    select
        load_id,
        delivery_id,
        state,
        who,
        why,
        decided_at,
        replay_load_id,
        replay_delivery_id
    from {{ ref('int_quarantine_resolved') }}

),

states as (

    select
        fates.load_id,
        fates.delivery_id,
        loads.source,
        fates.customer_id,
        fates.event_id,
        fates.reason,
        fates.detail,
        fates.first_delivery_id,
        coalesce(decisions.state, 'open') as state,
        decisions.who,
        decisions.why,
        decisions.decided_at,
        decisions.replay_load_id,
        decisions.replay_delivery_id,
        loads.landed_at
    from fates
    inner join loads on fates.load_id = loads.load_id
    left join decisions
        on
            fates.load_id = decisions.load_id
            and fates.delivery_id = decisions.delivery_id

)

select * from states
