-- grain: one row per customer_id, meter_id, dimension_key, usage_month, subscription_id and price_version_id
with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        meter_id,
        dimension_filter,
        service_start,
        service_end
    from {{ ref('int_charge_segments') }}
    where meter_id is not null

),

cells as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month
    from {{ ref('agg_usage_monthly') }}
    union
    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month
    from {{ ref('int_levels_carried') }}

),

candidates as (

    select
        cells.customer_id,
        cells.meter_id,
        cells.dimension_key,
        cells.usage_month,
        segments.subscription_id,
        segments.price_version_id,
        daterange(segments.service_start, segments.service_end) as service_days,
        row_number() over (
            partition by cells.customer_id, cells.meter_id, cells.dimension_key, cells.usage_month
            order by
                (select count(*) from jsonb_object_keys(segments.dimension_filter)) desc,
                segments.subscription_id,
                segments.price_version_id
        ) as preference
    from cells
    inner join segments
        on
            cells.customer_id = segments.customer_id
            and cells.meter_id = segments.meter_id
            and cells.usage_month = segments.month_start
            and cells.dimension_key::jsonb @> segments.dimension_filter

),

priced_days as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month,
        subscription_id,
        price_version_id,
        datemultirange(service_days) - coalesce(
            range_agg(service_days) over (
                partition by customer_id, meter_id, dimension_key, usage_month
                order by preference
                rows between unbounded preceding and 1 preceding
            ),
            datemultirange()
        ) as priced_days
    from candidates

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
    from priced_days
    where not isempty(priced_days)

)

select * from priced_cells
