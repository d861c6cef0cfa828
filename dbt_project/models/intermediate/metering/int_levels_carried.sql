-- grain: one row per customer_id, meter_id, dimension_key and usage_month that has a level or a change
with

monthly_changes as (

    select
        customer_id,
        meter_id,
        dimension_key,
        date_trunc('month', usage_date::timestamp)::date as usage_month,
        sum(level_change) as level_change
    from {{ ref('agg_usage_levels_daily') }}
    group by customer_id, meter_id, dimension_key, usage_month

),

cells as (

    select distinct
        customer_id,
        meter_id,
        dimension_key
    from monthly_changes

),

meters as (

    select meter_id
    from {{ ref('int_meters_defined') }}
    where aggregation = 'weighted_sum'

),

-- a level is still there in months that bring no event
billed_months as (

    select distinct
        segments.customer_id,
        segments.meter_id,
        generate_series(
            date_trunc('month', segments.service_starts_at at time zone 'UTC'),
            date_trunc('month', (segments.service_ends_at - interval '1 microsecond') at time zone 'UTC'),
            interval '1 month'
        )::date as usage_month
    from {{ ref('int_charge_segments') }} as segments
    inner join meters on segments.meter_id = meters.meter_id

),

months as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month,
        level_change
    from monthly_changes
    union all
    select
        cells.customer_id,
        cells.meter_id,
        cells.dimension_key,
        billed_months.usage_month,
        null as level_change
    from cells
    inner join billed_months
        on
            cells.customer_id = billed_months.customer_id
            and cells.meter_id = billed_months.meter_id

),

levels as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month,
        count(level_change) > 0 as has_change,
        coalesce(
            sum(sum(level_change)) over (
                partition by customer_id, meter_id, dimension_key
                order by usage_month
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as opening_level
    from months
    group by customer_id, meter_id, dimension_key, usage_month

),

carried as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month,
        opening_level
    from levels
    where has_change or opening_level <> 0

)

select * from carried
