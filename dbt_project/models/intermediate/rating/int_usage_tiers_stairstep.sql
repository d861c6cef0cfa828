-- grain: one row per subscription_id, price_version_id and month_start: the tier that the quantity falls in
with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        catalog_version,
        tier_boundary,
        greatest(quantity, 0) as quantity,
        is_zero_usage_flat_fee_charged
    from {{ ref('int_segments_measured') }}
    where charge_model = 'stairstep'

),

tiers as (

    select
        catalog_version,
        price_version_id,
        tier_number,
        from_quantity,
        to_quantity,
        up_to,
        unit_price_unrounded,
        flat_fee_unrounded
    from {{ ref('int_price_tiers_bounded') }}

),

entered_tiers as (

    select
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        segments.customer_id,
        tiers.tier_number,
        tiers.up_to,
        trim_scale(segments.quantity) as quantity,
        tiers.unit_price_unrounded,
        tiers.flat_fee_unrounded
    from segments
    inner join tiers
        on
            segments.catalog_version = tiers.catalog_version
            and segments.price_version_id = tiers.price_version_id
    where
        case
            when segments.quantity = 0 then tiers.tier_number = 1 and segments.is_zero_usage_flat_fee_charged
            when segments.tier_boundary = 'exclusive'
                then segments.quantity >= tiers.from_quantity and segments.quantity < tiers.to_quantity
            when segments.tier_boundary = 'inclusive'
                then segments.quantity > tiers.from_quantity and segments.quantity <= tiers.to_quantity
        end

),

amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        tier_number,
        up_to,
        quantity,
        unit_price_unrounded,
        flat_fee_unrounded,
        trim_scale(flat_fee_unrounded) as amount_exact
    from entered_tiers

)

select * from amounts
