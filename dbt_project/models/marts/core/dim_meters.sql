-- grain: one row per meter_id
with

meters as (

    select
        meter_id,
        meter_name,
        event_type,
        aggregation,
        unit,
        dimensions,
        reconciles_with,
        reconciliation_hours,
        counted_property,
        percentile,
        catalog_version
    from {{ ref('int_meters_defined') }}

)

select * from meters
