-- grain: one row per customer_id, meter_id, dimension_key and usage_date
with

daily_usage as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        date_trunc('month', usage_date::timestamp)::date as usage_month,
        event_count,
        quantity_sum,
        quantity_max
    from {{ ref('agg_usage_daily') }}

),

priced_cells as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month,
        subscription_id,
        price_version_id,
        priced_days
    from {{ ref('int_usage_cells_priced') }}

),

attributed as (

    select
        daily_usage.customer_id,
        daily_usage.meter_id,
        daily_usage.dimension_key,
        daily_usage.usage_date,
        daily_usage.usage_month,
        priced_cells.subscription_id,
        priced_cells.price_version_id,
        daily_usage.event_count,
        daily_usage.quantity_sum,
        daily_usage.quantity_max
    from daily_usage
    left join priced_cells
        on
            daily_usage.customer_id = priced_cells.customer_id
            and daily_usage.meter_id = priced_cells.meter_id
            and daily_usage.dimension_key = priced_cells.dimension_key
            and daily_usage.usage_month = priced_cells.usage_month
            and daily_usage.usage_date <@ priced_cells.priced_days

)

select * from attributed
