-- grain: one row per catalog_version and grant_id
with

source_rows as (

    select
        catalog_version,
        grant_id,
        customer_id,
        label,
        currency_code,
        amount_unrounded,
        priority,
        granted_on,
        expires_on
    from {{ source('raw_catalog', 'credit_grants') }}

)

select * from source_rows
