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
        free_units,
        tier_boundary,
        is_zero_usage_flat_fee_charged,
        fixed_fee_per_event_unrounded,
        free_events,
        free_amount_unrounded,
        minimum_per_event_unrounded,
        maximum_per_event_unrounded
    from {{ source('raw_catalog', 'prices') }}

)

select * from source_rows
