-- grain: one row per price_version_id
with

prices as (

    select
        price_version_id,
        price_id,
        plan_id,
        meter_id,
        charge_model,
        label,
        dimension_filter,
        tier_boundary,
        unit_price_unrounded,
        flat_amount_unrounded,
        package_size,
        package_price_unrounded,
        free_units,
        is_zero_usage_flat_fee_charged,
        valid_from,
        valid_to,
        catalog_version
    from {{ ref('int_prices_known') }}

)

select * from prices
