-- grain: one row per customer_id and month_start
with

customers as (

    select
        customer_id,
        month_start,
        legal_entity_id,
        state,
        reason,
        reason_at_close,
        who,
        why,
        closed_at,
        released_at
    from {{ ref('fct_customers_parked') }}

)

select * from customers
