-- What is kept of values counts the events of the daily aggregate, per customer, meter and day; a unique count may
-- hold fewer, of events that were accepted before a meter counted their property.
with

kept as (

    select customer_id, meter_id, usage_date, event_count from {{ ref('agg_usage_latest_daily') }}
    union all
    select customer_id, meter_id, usage_date, event_count from {{ ref('agg_usage_values_daily') }}
    union all
    select customer_id, meter_id, usage_date, event_count from {{ ref('agg_usage_quantities_daily') }}
    union all
    select customer_id, meter_id, usage_date, event_count from {{ ref('agg_usage_levels_daily') }}

),

kept_counts as (

    select
        customer_id,
        meter_id,
        usage_date,
        sum(event_count) as event_count
    from kept
    group by customer_id, meter_id, usage_date

),

daily_counts as (

    select
        daily_usage.customer_id,
        daily_usage.meter_id,
        daily_usage.usage_date,
        meters.aggregation,
        sum(daily_usage.event_count) as event_count
    from {{ ref('agg_usage_daily') }} as daily_usage
    inner join {{ ref('int_meters_defined') }} as meters on daily_usage.meter_id = meters.meter_id
    where meters.aggregation not in ('count', 'sum', 'max')
    group by daily_usage.customer_id, daily_usage.meter_id, daily_usage.usage_date, meters.aggregation

)

select
    customer_id,
    meter_id,
    usage_date,
    daily_counts.event_count as daily_event_count,
    kept_counts.event_count as kept_event_count
from daily_counts
full outer join kept_counts using (customer_id, meter_id, usage_date)
where
    coalesce(kept_counts.event_count, 0) > coalesce(daily_counts.event_count, 0)
    or (
        daily_counts.aggregation <> 'unique_count'
        and daily_counts.event_count is distinct from kept_counts.event_count
    )
