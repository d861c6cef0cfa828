-- grain: one row per catalog_version and meter_id
with

source_rows as (

    select
        catalog_version,
        meter_id,
        meter_name,
        event_type,
        aggregation,
        unit,
        dimensions::jsonb as dimensions,
        reconciles_with,
        reconciliation_hours,
        counted_property,
        percentile
    from {{ source('raw_catalog', 'meters') }}

)

select * from source_rows
