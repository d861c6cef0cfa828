-- grain: one row per catalog_version and price_version_id
with

source_rows as (

    select
        catalog_version,
        price_id,
        price_id || '@' || to_char(valid_from, 'YYYY-MM-DD') as price_version_id,
        valid_from,
        valid_to,
        plan_id,
        meter_id,
        label,
        charge_model,
        filter::jsonb as dimension_filter,
        unit_price_unrounded,
        flat_amount_unrounded,
        package_size,
        package_price_unrounded,
        divide_by,
        coalesce(quantity_rounding, 'none') as quantity_rounding,
        coalesce(quantity_rounding_places, 0) as quantity_rounding_places,
        coalesce(is_negative_allowed, false) as is_negative_allowed,
        free_units,
        tier_boundary,
        is_zero_usage_flat_fee_charged,
        fixed_fee_per_event_unrounded,
        free_events,
        free_amount_unrounded,
        minimum_per_event_unrounded,
        maximum_per_event_unrounded,
        tax_category,
        currency_code,
        billing_interval,
        is_billed_in_advance,
        minimum_commitment_unrounded,
        maximum_spend_unrounded
    from {{ source('raw_catalog', 'prices') }}

)

select * from source_rows
