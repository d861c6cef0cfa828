-- grain: one row per by_load_id and by_delivery_id
with

withdrawals as (

    select
        by_load_id,
        by_delivery_id,
        customer_id,
        event_id,
        reason,
        load_id,
        delivery_id,
        occurred_at,
        landed_at
    from {{ ref('fct_event_withdrawals') }}

)

select * from withdrawals
