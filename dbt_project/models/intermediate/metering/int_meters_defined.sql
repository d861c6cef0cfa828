-- grain: one row per meter_id
with

meters as (

    select
        catalog_version,
        meter_id,
        meter_name,
        event_type,
        aggregation,
        unit,
        dimensions,
        reconciles_with,
        reconciliation_hours,
        counted_property,
        percentile
    from {{ ref('stg_catalog__meters') }}

),

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

newest_definitions as (

    select distinct on (meters.meter_id)
        meters.meter_id,
        meters.meter_name,
        meters.event_type,
        meters.aggregation,
        meters.unit,
        meters.dimensions,
        meters.reconciles_with,
        meters.reconciliation_hours,
        meters.counted_property,
        meters.percentile,
        meters.catalog_version
    from meters
    inner join versions on meters.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by meters.meter_id, meters.catalog_version desc

)

select * from newest_definitions
