-- grain: one row per price_version_id, as the newest catalog version that names it has it
with

entries as (

    select
        catalog_version,
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
        tax_category,
        currency_code,
        valid_from,
        valid_to
    from {{ ref('stg_catalog__prices') }}

),

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

newest_entries as (

    select distinct on (entries.price_version_id)
        entries.price_version_id,
        entries.price_id,
        entries.plan_id,
        entries.meter_id,
        entries.charge_model,
        entries.label,
        entries.dimension_filter,
        entries.tier_boundary,
        entries.unit_price_unrounded,
        entries.flat_amount_unrounded,
        entries.package_size,
        entries.package_price_unrounded,
        entries.divide_by,
        entries.quantity_rounding,
        entries.quantity_rounding_places,
        entries.free_units,
        entries.fixed_fee_per_event_unrounded,
        entries.free_events,
        entries.free_amount_unrounded,
        entries.minimum_per_event_unrounded,
        entries.maximum_per_event_unrounded,
        entries.is_zero_usage_flat_fee_charged,
        entries.is_negative_allowed,
        entries.tax_category,
        entries.currency_code,
        entries.valid_from,
        entries.valid_to,
        entries.catalog_version
    from entries
    inner join versions on entries.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by entries.price_version_id, entries.catalog_version desc

)

select * from newest_entries
