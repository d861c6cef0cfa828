-- grain: one row per subscription_id, price_version_id and month_start
with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start
    from {{ ref('int_segments_measured') }}
    where charge_model = 'stairstep'

),

tier_amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        amount_exact
    from {{ ref('int_usage_tiers_stairstep') }}

),

rated as (

    select
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        trim_scale(coalesce(sum(tier_amounts.amount_exact), 0)) as amount_exact,
        coalesce(sum(tier_amounts.amount_exact::numeric(38, 12)), 0)::numeric(38, 12) as amount_unrounded
    from segments
    left join tier_amounts
        on
            segments.subscription_id = tier_amounts.subscription_id
            and segments.price_version_id = tier_amounts.price_version_id
            and segments.month_start = tier_amounts.month_start
    group by segments.subscription_id, segments.price_version_id, segments.month_start

)

select * from rated
