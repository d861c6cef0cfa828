-- grain: one row per subscription_id, price_version_id and month_start
with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        flat_amount_unrounded
    from {{ ref('int_segments_measured') }}
    where charge_model = 'flat'

),

shares as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        share_numerator,
        share_denominator
    from {{ ref('int_fees_shared') }}

),

-- 40 decimals: enough that the division can't move an amount over a rounding boundary
amounts as (

    select
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        segments.customer_id,
        1 as tier_number,
        null::numeric as up_to,
        trim_scale((shares.share_numerator::numeric(150, 40) / shares.share_denominator)::numeric(38, 9)) as quantity,
        segments.flat_amount_unrounded as unit_price_unrounded,
        0::numeric(38, 12) as flat_fee_unrounded,
        trim_scale(
            (segments.flat_amount_unrounded * shares.share_numerator)::numeric(150, 40) / shares.share_denominator
        ) as amount_exact
    from segments
    inner join shares
        on
            segments.customer_id = shares.customer_id
            and segments.subscription_id = shares.subscription_id
            and segments.price_version_id = shares.price_version_id
            and segments.month_start = shares.month_start

)

select * from amounts
