-- grain: one row per subscription_id, price_version_id and month_start
with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        flat_amount_unrounded,
        service_end - service_start as service_days,
        days_in_month
    from {{ ref('int_segments_measured') }}
    where charge_model = 'flat'

),

-- 30 decimals: enough that the division can't move an amount over a rounding boundary
amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        1 as tier_number,
        null::numeric as up_to,
        trim_scale((service_days::numeric(60, 30) / days_in_month)::numeric(38, 9)) as quantity,
        flat_amount_unrounded as unit_price_unrounded,
        0::numeric(38, 12) as flat_fee_unrounded,
        trim_scale((flat_amount_unrounded * service_days)::numeric(60, 30) / days_in_month) as amount_exact
    from segments

)

select * from amounts
