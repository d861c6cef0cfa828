-- grain: one row per customer_id and event_id
with

source_rows as (

    select
        customer_id,
        event_id,
        payload_hash,
        load_id,
        delivery_id
    from {{ source('ops', 'event_registry') }}

)

select * from source_rows
