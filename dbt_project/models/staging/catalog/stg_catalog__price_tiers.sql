-- grain: one row per catalog_version, price_version_id and tier_number
with

source_rows as (

    select
        catalog_version,
        price_id,
        price_id || '@' || to_char(valid_from, 'YYYY-MM-DD') as price_version_id,
        valid_from,
        tier_number,
        up_to,
        unit_price_unrounded,
        flat_fee_unrounded
    from {{ source('raw_catalog', 'price_tiers') }}

)

select * from source_rows
