-- grain: one row per subscription_id, price_version_id and month_start
with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        greatest(quantity - free_units, 0) as billable_quantity,
        package_size,
        package_price_unrounded
    from {{ ref('int_segments_measured') }}
    where charge_model = 'package'

),

amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        -- whole division and its remainder: a quotient would be rounded before ceil() could see it
        trim_scale(
            (
                div(billable_quantity, package_size)
                + case when mod(billable_quantity, package_size) > 0 then 1 else 0 end
            ) * package_price_unrounded
        ) as amount_exact
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
