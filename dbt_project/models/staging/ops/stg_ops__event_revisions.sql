-- grain: one row per event_key_high, event_key_low, customer_id and payload_hash
with

source_rows as (

    select
        event_key_high,
        event_key_low,
        customer_id,
        payload_hash,
        load_id,
        delivery_id
    from {{ source('ops', 'event_revisions') }}

)

select * from source_rows
