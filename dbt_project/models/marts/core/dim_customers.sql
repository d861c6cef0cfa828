-- grain: one row per customer_id
with

customers as (

    select
        customer_id,
        customer_name,
        legal_entity_id,
        country_code,
        currency_code,
        catalog_version
    from {{ ref('int_customers_known') }}

)

select * from customers
