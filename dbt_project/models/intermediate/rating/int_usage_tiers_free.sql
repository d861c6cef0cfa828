-- grain: one row per subscription_id, price_version_id and month_start that has used free units
with

quantities as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        free_units,
        free_quantity
    from {{ ref('int_quantities_transformed') }}
    where free_units > 0 and quantity > 0

),

amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        0 as tier_number,
        free_units as up_to,
        free_quantity as quantity,
        0::numeric(38, 12) as unit_price_unrounded,
        0::numeric(38, 12) as flat_fee_unrounded,
        0::numeric as amount_exact
    from quantities

)

select * from amounts
