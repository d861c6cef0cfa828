-- grain: one row per legal_entity_id and period_start
with

source_rows as (

    select
        close_id,
        legal_entity_id,
        period_start,
        period_end,
        closed_at,
        catalog_version,
        applied_loads,
        invoice_count,
        line_count
    from {{ source('ops', 'closes') }}

)

select * from source_rows
