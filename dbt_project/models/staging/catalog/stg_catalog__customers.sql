-- grain: one row per catalog_version and customer_id
with

source_rows as (

    select
        catalog_version,
        customer_id,
        customer_name,
        legal_entity_id,
        country_code,
        currency_code,
        vat_id,
        tax_exempt_reason,
        billing_time_zone,
        address
    from {{ source('raw_catalog', 'customers') }}

)

select * from source_rows
