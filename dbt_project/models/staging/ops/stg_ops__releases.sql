-- grain: one row per customer_id, legal_entity_id and period_start
with

source_rows as (

    select
        legal_entity_id,
        period_start,
        customer_id,
        who,
        catalog_version,
        applied_loads,
        invoice_count,
        line_count,
        released_at
    from {{ source('ops', 'releases') }}

)

select * from source_rows
