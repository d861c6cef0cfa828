-- grain: one row per customer_id
with

customers as (

    select
        catalog_version,
        customer_id,
        customer_name,
        legal_entity_id,
        country_code,
        currency_code,
        billing_time_zone,
        address,
        vat_id
    from {{ ref('stg_catalog__customers') }}

),

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

newest_rows as (

    select distinct on (customers.customer_id)
        customers.customer_id,
        customers.customer_name,
        customers.legal_entity_id,
        customers.country_code,
        customers.currency_code,
        customers.billing_time_zone,
        customers.address,
        customers.vat_id,
        customers.catalog_version
    from customers
    inner join versions on customers.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by customers.customer_id, customers.catalog_version desc

)

select * from newest_rows
