-- grain: one row per customer_id and accepted event
with

source_rows as (

    select
        event_key_high,
        event_key_low,
        customer_id,
        payload_hash,
        load_id,
        delivery_id
    from {{ source('ops', 'event_registry') }}

)

select * from source_rows
