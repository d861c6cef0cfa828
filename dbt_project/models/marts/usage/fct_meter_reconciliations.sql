-- grain: one row per meter_id that names a reference meter
with

reconciliations as (

    select
        meter_id,
        reference_meter_id,
        cell_count,
        equal_cell_count,
        quantity,
        reference_quantity
    from {{ ref('int_meters_reconciled') }}

)

select * from reconciliations
