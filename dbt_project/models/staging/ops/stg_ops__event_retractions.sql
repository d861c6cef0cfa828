-- grain: one row per load_id and delivery_id
with

source_rows as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        occurred_at,
        reason,
        by_load_id,
        by_delivery_id,
        decided_load_id
    from {{ source('ops', 'event_retractions') }}

)

select * from source_rows
