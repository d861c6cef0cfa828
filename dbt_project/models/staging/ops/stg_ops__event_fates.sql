-- grain: one row per load_id and delivery_id
with

source_rows as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        fate,
        reason,
        detail,
        first_delivery_id
    from {{ source('ops', 'event_fates') }}

)

select * from source_rows
