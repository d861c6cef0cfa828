-- grain: one row per catalog_version and one_off_id
with

source_rows as (

    select
        catalog_version,
        one_off_id,
        customer_id,
        charged_on,
        label,
        amount_unrounded,
        currency_code,
        tax_category
    from {{ source('raw_catalog', 'one_off_lines') }}

)

select * from source_rows
