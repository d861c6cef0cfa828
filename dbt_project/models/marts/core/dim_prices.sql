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
        currency_code,
        dimension_filter,
        tier_boundary,
        unit_price_unrounded,
        flat_amount_unrounded,
        package_size,
        package_price_unrounded,
        divide_by,
        quantity_rounding,
        quantity_rounding_places,
        free_units,
        fixed_fee_per_event_unrounded,
        free_events,
        free_amount_unrounded,
        minimum_per_event_unrounded,
        maximum_per_event_unrounded,
        is_zero_usage_flat_fee_charged,
        is_negative_allowed,
        valid_from,
        valid_to,
        catalog_version
    from {{ ref('int_prices_known') }}

)

select * from prices
