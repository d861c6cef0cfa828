-- grain: one row per customer_id, subscription_id, price_version_id and month_start that has usage or a level
with

priced_cells as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month,
        subscription_id,
        price_version_id,
        month_start,
        is_whole_month,
        priced_days
    from {{ ref('int_usage_cells_priced') }}

),

monthly_usage as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month,
        event_count,
        quantity_sum,
        quantity_max
    from {{ ref('agg_usage_monthly') }}

),

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

-- a cell that one price has for the whole month needs no days, and whole days need no events
cell_usage as (

    select
        priced_cells.customer_id,
        priced_cells.subscription_id,
        priced_cells.price_version_id,
        priced_cells.month_start,
        monthly_usage.event_count,
        monthly_usage.quantity_sum,
        monthly_usage.quantity_max
    from priced_cells
    inner join monthly_usage
        on
            priced_cells.customer_id = monthly_usage.customer_id
            and priced_cells.meter_id = monthly_usage.meter_id
            and priced_cells.dimension_key = monthly_usage.dimension_key
            and priced_cells.usage_month = monthly_usage.usage_month
    where priced_cells.is_whole_month
    union all
    select
        priced_cells.customer_id,
        priced_cells.subscription_id,
        priced_cells.price_version_id,
        priced_cells.month_start,
        daily_usage.event_count,
        daily_usage.quantity_sum,
        daily_usage.quantity_max
    from priced_cells
    inner join daily_usage
        on
            priced_cells.customer_id = daily_usage.customer_id
            and priced_cells.meter_id = daily_usage.meter_id
            and priced_cells.dimension_key = daily_usage.dimension_key
            and priced_cells.usage_month = daily_usage.usage_month
            and daily_usage.usage_date <@ priced_cells.priced_days
    where not priced_cells.is_whole_month
    union all
    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        1 as event_count,
        quantity as quantity_sum,
        quantity as quantity_max
    from {{ ref('int_usage_events_cut') }}
    where price_version_id is not null

),

added as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        sum(event_count)::bigint as event_count,
        sum(quantity_sum) as quantity_sum,
        max(quantity_max) as quantity_max
    from cell_usage
    group by customer_id, subscription_id, price_version_id, month_start

),

not_added as (

    {{ segments_not_added() }}

),

-- full, because a level is there in months that have no event
measured as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        coalesce(added.event_count, 0)::bigint as event_count,
        coalesce(added.quantity_sum, 0) as quantity_sum,
        added.quantity_max,
        not_added.quantity as quantity_not_added
    from added
    full outer join not_added using (customer_id, subscription_id, price_version_id, month_start)

)

select * from measured
