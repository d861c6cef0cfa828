-- A percentage that charges events one by one charges exactly the events that its segment measured.
with

measured as (

    select
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        segments.event_count
    from {{ ref('int_segments_measured') }} as segments
    inner join {{ ref('stg_catalog__prices') }} as prices
        on
            segments.catalog_version = prices.catalog_version
            and segments.price_version_id = prices.price_version_id
    where
        segments.event_count <> 0
        and num_nonnulls(
            prices.free_events,
            prices.free_amount_unrounded,
            prices.minimum_per_event_unrounded,
            prices.maximum_per_event_unrounded
        ) > 0

),

rated as (

    select
        subscription_id,
        price_version_id,
        month_start,
        count(*) as event_count
    from {{ ref('int_usage_events_rated_percentage') }}
    group by subscription_id, price_version_id, month_start

)

select
    measured.subscription_id,
    measured.price_version_id,
    measured.month_start
from measured
full outer join rated
    on
        measured.subscription_id = rated.subscription_id
        and measured.price_version_id = rated.price_version_id
        and measured.month_start = rated.month_start
where measured.event_count is distinct from rated.event_count
