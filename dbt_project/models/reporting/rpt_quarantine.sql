-- grain: one row per load_id and delivery_id that is in quarantine
with

quarantined_deliveries as (

    select
        load_id,
        delivery_id,
        file_name,
        line_number,
        reason,
        detail,
        customer_id,
        event_id,
        raw_text,
        state,
        who,
        why,
        decided_at,
        replay_load_id,
        replay_delivery_id
    from {{ ref('fct_quarantined_deliveries') }}

)

select * from quarantined_deliveries
