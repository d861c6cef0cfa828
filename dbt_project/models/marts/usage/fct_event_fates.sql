-- grain: one row per load_id and delivery_id that was not accepted
with

refused_deliveries as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        mapping_name,
        fate,
        reason,
        detail,
        first_delivery_id,
        landed_at
    from {{ ref('int_usage_deliveries_refused') }}

)

select * from refused_deliveries
