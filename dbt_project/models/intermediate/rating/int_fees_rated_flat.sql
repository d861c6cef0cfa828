-- grain: one row per subscription_id, price_version_id and month_start
with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        flat_amount_unrounded,
        service_end - service_start as service_days,
        days_in_month
    from {{ ref('int_segments_measured') }}
    where charge_model = 'flat'

),

amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        -- 30 decimals: enough that the division can't move an amount over a rounding boundary
        trim_scale((flat_amount_unrounded * service_days)::numeric(60, 30) / days_in_month) as amount_exact
    from segments

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
