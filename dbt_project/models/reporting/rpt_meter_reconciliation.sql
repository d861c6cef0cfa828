-- grain: one row per meter_id that names a reference meter
with

reconciliations as (

    select
        meter_id,
        reference_meter_id,
        cell_count,
        equal_cell_count,
        quantity,
        reference_quantity,
        quantity - reference_quantity as difference
    from {{ ref('fct_meter_reconciliations') }}

)

select * from reconciliations
