-- grain: one row per subscription_id, price_version_id and month_start
with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        quantity,
        free_units,
        unit_price_unrounded
    from {{ ref('int_segments_measured') }}
    where charge_model = 'per_unit'

),

amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        trim_scale(greatest(quantity - free_units, 0) * unit_price_unrounded) as amount_exact
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
