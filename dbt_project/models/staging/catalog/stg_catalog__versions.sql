-- grain: one row per catalog_version
with

source_rows as (

    select
        catalog_version,
        content_sha256,
        state,
        source_name,
        started_at,
        landed_at
    from {{ source('ops', 'catalog_versions') }}

)

select * from source_rows
