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
        free_units,
        is_zero_usage_flat_fee_charged,
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
        entries.free_units,
        entries.is_zero_usage_flat_fee_charged,
        entries.valid_from,
        entries.valid_to,
        entries.catalog_version
    from entries
    inner join versions on entries.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by entries.price_version_id, entries.catalog_version desc

)

select * from newest_entries
