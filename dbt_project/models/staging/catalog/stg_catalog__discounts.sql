-- grain: one row per catalog_version and discount_id
with

source_rows as (

    select
        catalog_version,
        discount_id,
        customer_id,
        subscription_id,
        label,
        percent,
        amount_unrounded,
        currency_code,
        plan_id,
        price_id,
        starts_on,
        periods,
        maximum_amount_unrounded
    from {{ source('raw_catalog', 'discounts') }}

)

select * from source_rows
