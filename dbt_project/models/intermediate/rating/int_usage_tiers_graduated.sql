-- grain: one row per subscription_id, price_version_id, month_start and tier_number that was entered
with

quantities as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        catalog_version,
        tier_boundary,
        quantity,
        billable_quantity,
        is_zero_usage_flat_fee_charged
    from {{ ref('int_quantities_transformed') }}
    where charge_model = 'graduated'

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
        quantities.subscription_id,
        quantities.price_version_id,
        quantities.month_start,
        quantities.customer_id,
        tiers.tier_number,
        tiers.up_to,
        trim_scale(least(quantities.billable_quantity, tiers.to_quantity) - tiers.from_quantity) as quantity,
        tiers.unit_price_unrounded,
        -- nothing to bill, and the fee is not due for nothing: the tier is listed without it
        case
            when quantities.billable_quantity > 0 or quantities.is_zero_usage_flat_fee_charged
                then tiers.flat_fee_unrounded
            else 0
        end::numeric(38, 12) as flat_fee_unrounded
    from quantities
    inner join tiers
        on
            quantities.catalog_version = tiers.catalog_version
            and quantities.price_version_id = tiers.price_version_id
    where
        case
            when quantities.billable_quantity = 0
                then tiers.tier_number = 1 and (quantities.is_zero_usage_flat_fee_charged or quantities.quantity <> 0)
            when quantities.tier_boundary = 'exclusive' then quantities.billable_quantity >= tiers.from_quantity
            when quantities.tier_boundary = 'inclusive' then quantities.billable_quantity > tiers.from_quantity
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
        trim_scale(quantity * unit_price_unrounded + flat_fee_unrounded) as amount_exact
    from entered_tiers

)

select * from amounts
