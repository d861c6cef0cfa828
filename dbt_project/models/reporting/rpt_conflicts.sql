-- grain: one row per load_id and delivery_id that says something else of an accepted event
with

conflicts as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        first_delivery_id,
        first_load_id,
        state,
        differing_fields,
        event_type,
        occurred_at,
        quantity,
        properties,
        first_event_type,
        first_occurred_at,
        first_quantity,
        first_properties,
        landed_at
    from {{ ref('fct_conflicting_deliveries') }}

)

select * from conflicts
