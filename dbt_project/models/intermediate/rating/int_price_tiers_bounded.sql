-- grain: one row per catalog_version, price_version_id and tier_number
with

tiers as (

    select
        catalog_version,
        price_version_id,
        tier_number,
        up_to,
        unit_price_unrounded,
        flat_fee_unrounded
    from {{ ref('stg_catalog__price_tiers') }}

),

bounded as (

    select
        catalog_version,
        price_version_id,
        tier_number,
        trim_scale(coalesce(
            lag(up_to) over (partition by catalog_version, price_version_id order by tier_number), 0
        )) as from_quantity,
        trim_scale(coalesce(up_to, 'infinity'::numeric)) as to_quantity,
        up_to,
        unit_price_unrounded,
        flat_fee_unrounded
    from tiers

)

select * from bounded
