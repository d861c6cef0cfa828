-- grain: one row per landed delivery; a crash can land a delivery twice
with

source_rows as (

    select
        load_id,
        delivery_id,
        file_number,
        line_number,
        customer_id,
        event_id,
        event_type,
        occurred_at,
        quantity,
        properties
    from {{ source('raw_usage', 'events') }}

)

select * from source_rows
