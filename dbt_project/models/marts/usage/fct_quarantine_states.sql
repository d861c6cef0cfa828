-- grain: one row per load_id and delivery_id that is in quarantine
with

quarantine_states as (

    select
        load_id,
        delivery_id,
        source,
        customer_id,
        event_id,
        reason,
        detail,
        first_delivery_id,
        state,
        who,
        why,
        decided_at,
        replay_load_id,
        replay_delivery_id,
        landed_at
    from {{ ref('int_quarantine_states') }}

)

select * from quarantine_states
