-- What the segments measured is the usage that went to their prices, per subscription, price version and month:
-- neither is any of it lost between day and segment, nor rated twice.
with

priced_usage as (

    select
        subscription_id,
        price_version_id,
        month_start,
        sum(event_count) as event_count
    from {{ ref('fct_usage_fates') }}
    where fate in ('rated', 'zero_rated')
    group by subscription_id, price_version_id, month_start

),

measured as (

    select
        subscription_id,
        price_version_id,
        month_start,
        event_count
    from {{ ref('int_segments_measured') }}
    where event_count <> 0

)

select
    priced_usage.subscription_id,
    priced_usage.price_version_id,
    priced_usage.month_start
from priced_usage
full outer join measured
    on
        priced_usage.subscription_id = measured.subscription_id
        and priced_usage.price_version_id = measured.price_version_id
        and priced_usage.month_start = measured.month_start
where priced_usage.event_count is distinct from measured.event_count
