-- grain: one row per customer_id, load_id and delivery_id
with

source_rows as (

    select
        customer_id,
        load_id,
        delivery_id,
        voided_event_id,
        settled_load_id
    from {{ source('ops', 'event_voids') }}

)

select * from source_rows
