-- grain: one row per subscription_id, price_version_id and month_start that has usage
with

quantities as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        billable_quantity,
        nullif(package_size, 0) as package_size,
        package_price_unrounded
    from {{ ref('int_quantities_transformed') }}
    where charge_model = 'package' and quantity <> 0

),

packages as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        -- whole division and its remainder: a quotient would be rounded before ceil() could see it
        div(billable_quantity, package_size)
        + case when mod(billable_quantity, package_size) > 0 then 1 else 0 end as package_count,
        package_price_unrounded
    from quantities

),

amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        1 as tier_number,
        null::numeric as up_to,
        package_count as quantity,
        package_price_unrounded as unit_price_unrounded,
        0::numeric(38, 12) as flat_fee_unrounded,
        trim_scale(package_count * package_price_unrounded) as amount_exact
    from packages

)

select * from amounts
