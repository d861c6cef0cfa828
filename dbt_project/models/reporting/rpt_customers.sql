-- grain: one row per customer_id
with

customers as (

    select
        customer_id,
        customer_name,
        legal_entity_id,
        currency_code,
        country_code
    from {{ ref('dim_customers') }}

)

select * from customers
