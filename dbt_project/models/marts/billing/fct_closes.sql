-- grain: one row per legal_entity_id and period_start that is closed
with

closes as (

    select
        close_id,
        legal_entity_id,
        catalog_version,
        invoice_count,
        line_count,
        period_start,
        period_end,
        closed_at
    from {{ ref('int_closes_recorded') }}

)

select * from closes
