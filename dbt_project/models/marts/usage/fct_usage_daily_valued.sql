-- grain: one row per customer_id, meter_id, dimension_key and usage_date
with

percentiles as (

    select
        meter_id,
        percentile
    from {{ ref('int_meters_defined') }}
    where aggregation = 'percentile'

),

ranked as (

    select
        quantities_daily.customer_id,
        quantities_daily.meter_id,
        quantities_daily.dimension_key,
        quantities_daily.usage_date,
        quantities_daily.quantity,
        percentiles.percentile,
        sum(quantities_daily.event_count) over (
            partition by
                quantities_daily.customer_id,
                quantities_daily.meter_id,
                quantities_daily.dimension_key,
                quantities_daily.usage_date
            order by quantities_daily.quantity
        ) as count_up_to,
        sum(quantities_daily.event_count) over (
            partition by
                quantities_daily.customer_id,
                quantities_daily.meter_id,
                quantities_daily.dimension_key,
                quantities_daily.usage_date
        ) as count_of_all
    from {{ ref('agg_usage_quantities_daily') }} as quantities_daily
    inner join percentiles on quantities_daily.meter_id = percentiles.meter_id

),

valued as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        latest_quantity as quantity
    from {{ ref('agg_usage_latest_daily') }}
    union all
    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        count(*) as quantity
    from {{ ref('agg_usage_values_daily') }}
    group by customer_id, meter_id, dimension_key, usage_date
    union all
    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        min(quantity) as quantity
    from ranked
    where count_up_to * 100 >= percentile * count_of_all
    group by customer_id, meter_id, dimension_key, usage_date
    union all
    -- the level that the day ends with
    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        sum(level_change) over (
            partition by customer_id, meter_id, dimension_key
            order by usage_date
        ) as quantity
    from {{ ref('agg_usage_levels_daily') }}

),

typed as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        quantity::numeric(60, 9) as quantity
    from valued

)

select * from typed
