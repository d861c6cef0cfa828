-- grain: one row per catalog_version and contract_id
with

source_rows as (

    select
        catalog_version,
        contract_id,
        customer_id,
        label,
        starts_on,
        ends_on,
        interval,
        minimum_commitment_unrounded,
        currency_code
    from {{ source('raw_catalog', 'contracts') }}

)

select * from source_rows
