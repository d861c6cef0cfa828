-- grain: one row per load_id and delivery_id that was not accepted
with

fates as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        fate,
        reason,
        detail,
        first_delivery_id
    from {{ ref('stg_ops__event_fates') }}

),

loads as (

    select
        load_id,
        mapping_name,
        landed_at
    from {{ ref('stg_ops__loads') }}

),

refused as (

    select
        fates.load_id,
        fates.delivery_id,
        fates.customer_id,
        fates.event_id,
        loads.mapping_name,
        fates.fate,
        fates.reason,
        fates.detail,
        fates.first_delivery_id,
        loads.landed_at
    from fates
    inner join loads on fates.load_id = loads.load_id

)

select * from refused
