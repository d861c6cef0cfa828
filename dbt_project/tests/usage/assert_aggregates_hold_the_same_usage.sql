-- Hourly, daily and monthly aggregates hold the same events and quantities, per customer and meter.
with

pieces as (

    select 'hourly' as grain, customer_id, meter_id, event_count, quantity_sum, quantity_max
    from {{ ref('agg_usage_hourly') }}
    union all
    select 'daily' as grain, customer_id, meter_id, event_count, quantity_sum, quantity_max
    from {{ ref('agg_usage_daily') }}
    union all
    select 'monthly' as grain, customer_id, meter_id, event_count, quantity_sum, quantity_max
    from {{ ref('agg_usage_monthly') }}

),

totals as (

    select
        grain,
        customer_id,
        meter_id,
        sum(event_count) as event_count,
        sum(quantity_sum) as quantity_sum,
        max(quantity_max) as quantity_max
    from pieces
    group by grain, customer_id, meter_id

)

select
    customer_id,
    meter_id,
    count(*) as grain_count
from totals
group by customer_id, meter_id
having
    count(*) <> 3
    or min(event_count) <> max(event_count)
    or min(quantity_sum) <> max(quantity_sum)
    or min(quantity_max) <> max(quantity_max)
