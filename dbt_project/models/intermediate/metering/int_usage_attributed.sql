-- grain: one row per customer_id, meter_id, dimension_key, usage_date, subscription_id, price_version_id, month_start and is_subscribed
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
        month_start,
        priced_days
    from {{ ref('int_usage_cells_priced') }}

),

subscribed as (

    select
        customer_id,
        range_agg(plan_spans) as subscribed_spans
    from {{ ref('int_subscription_months_split') }}
    group by customer_id

),

cut_events as (

    select
        events.customer_id,
        events.meter_id,
        events.dimension_key,
        events.usage_date,
        events.subscription_id,
        events.price_version_id,
        events.month_start,
        coalesce(events.occurred_at <@ subscribed.subscribed_spans, false) as is_subscribed,
        count(*)::bigint as event_count,
        sum(events.quantity)::numeric(38, 9) as quantity_sum,
        max(events.quantity) as quantity_max
    from {{ ref('int_usage_events_cut') }} as events
    left join subscribed on events.customer_id = subscribed.customer_id
    group by
        events.customer_id,
        events.meter_id,
        events.dimension_key,
        events.usage_date,
        events.subscription_id,
        events.price_version_id,
        events.month_start,
        is_subscribed

),

cut_days as (

    select distinct
        customer_id,
        meter_id,
        dimension_key,
        usage_date
    from {{ ref('int_usage_events_cut') }}

),

whole_days as (

    select
        daily_usage.customer_id,
        daily_usage.meter_id,
        daily_usage.dimension_key,
        daily_usage.usage_date,
        priced_cells.subscription_id,
        priced_cells.price_version_id,
        priced_cells.month_start,
        priced_cells.price_version_id is not null
        or coalesce(
            subscribed.subscribed_spans && tstzrange(
                daily_usage.usage_date::timestamp at time zone 'UTC',
                (daily_usage.usage_date + 1)::timestamp at time zone 'UTC'
            ),
            false
        ) as is_subscribed,
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
    left join subscribed on daily_usage.customer_id = subscribed.customer_id
    left join cut_days
        on
            daily_usage.customer_id = cut_days.customer_id
            and daily_usage.meter_id = cut_days.meter_id
            and daily_usage.dimension_key = cut_days.dimension_key
            and daily_usage.usage_date = cut_days.usage_date
    where cut_days.customer_id is null

),

attributed as (

    select * from whole_days
    union all
    select * from cut_events

)

select * from attributed
