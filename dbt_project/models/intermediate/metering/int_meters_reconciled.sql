-- grain: one row per meter_id that names a reference meter
with

meters as (

    select
        meter_id,
        aggregation,
        reconciles_with,
        reconciliation_hours * 3600 as bucket_seconds
    from {{ ref('int_meters_defined') }}

),

hourly as (

    select
        customer_id,
        meter_id,
        hour_start,
        event_count,
        quantity_sum,
        quantity_max
    from {{ ref('agg_usage_hourly') }}

),

pairs as (

    select
        meters.meter_id,
        meters.aggregation,
        meters.reconciles_with as reference_meter_id,
        reference_meters.aggregation as reference_aggregation,
        meters.bucket_seconds
    from meters
    inner join meters as reference_meters on meters.reconciles_with = reference_meters.meter_id

),

-- buckets start at midnight UTC of 1970-01-01 and every so many hours after it
meter_cells as (

    select
        pairs.meter_id,
        hourly.customer_id,
        div(extract(epoch from hourly.hour_start), pairs.bucket_seconds) as bucket_number,
        {{ aggregated_quantity('pairs.aggregation', 'hourly') }} as quantity
    from pairs
    inner join hourly on pairs.meter_id = hourly.meter_id
    group by pairs.meter_id, pairs.aggregation, hourly.customer_id, bucket_number

),

reference_cells as (

    select
        pairs.meter_id,
        hourly.customer_id,
        div(extract(epoch from hourly.hour_start), pairs.bucket_seconds) as bucket_number,
        {{ aggregated_quantity('pairs.reference_aggregation', 'hourly') }} as quantity
    from pairs
    inner join hourly on pairs.reference_meter_id = hourly.meter_id
    group by pairs.meter_id, pairs.reference_aggregation, hourly.customer_id, bucket_number

),

reconciled as (

    select
        pairs.meter_id,
        pairs.reference_meter_id,
        count(meter_cells.customer_id) as cell_count,
        count(*) filter (
            where meter_cells.quantity = coalesce(reference_cells.quantity, 0)
        ) as equal_cell_count,
        coalesce(sum(meter_cells.quantity), 0)::numeric(60, 9) as quantity,
        coalesce(sum(reference_cells.quantity), 0)::numeric(60, 9) as reference_quantity
    from pairs
    left join meter_cells on pairs.meter_id = meter_cells.meter_id
    left join reference_cells
        on
            meter_cells.meter_id = reference_cells.meter_id
            and meter_cells.customer_id = reference_cells.customer_id
            and meter_cells.bucket_number = reference_cells.bucket_number
    group by pairs.meter_id, pairs.reference_meter_id

)

select * from reconciled
