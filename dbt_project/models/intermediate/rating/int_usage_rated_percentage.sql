-- grain: one row per subscription_id, price_version_id and month_start
with

segments as (

    select
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        segments.event_count,
        greatest(segments.quantity, 0) as amount,
        prices.unit_price_unrounded,
        prices.fixed_fee_per_event_unrounded,
        num_nonnulls(
            prices.free_events,
            prices.free_amount_unrounded,
            prices.minimum_per_event_unrounded,
            prices.maximum_per_event_unrounded
        ) > 0 as is_rated_by_event
    from {{ ref('int_segments_measured') }} as segments
    inner join {{ ref('stg_catalog__prices') }} as prices
        on
            segments.catalog_version = prices.catalog_version
            and segments.price_version_id = prices.price_version_id
    where segments.charge_model = 'percentage'

),

event_totals as (

    select
        subscription_id,
        price_version_id,
        month_start,
        sum(amount_exact) as amount_exact
    from {{ ref('int_usage_events_rated_percentage') }}
    group by subscription_id, price_version_id, month_start

),

amounts as (

    select
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        trim_scale(
            case
                when segments.is_rated_by_event then coalesce(event_totals.amount_exact, 0)
                else
                    segments.amount * segments.unit_price_unrounded
                    + segments.event_count * segments.fixed_fee_per_event_unrounded
            end
        ) as amount_exact
    from segments
    left join event_totals
        on
            segments.subscription_id = event_totals.subscription_id
            and segments.price_version_id = event_totals.price_version_id
            and segments.month_start = event_totals.month_start

),

rated as (

    select
        subscription_id,
        price_version_id,
        month_start,
        amount_exact,
        amount_exact::numeric(38, 12) as amount_unrounded
    from amounts

)

select * from rated
