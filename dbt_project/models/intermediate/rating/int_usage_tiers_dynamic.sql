-- grain: one row per subscription_id, price_version_id and month_start that has usage
with

quantities as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        rated_quantity,
        unit_price_unrounded
    from {{ ref('int_quantities_transformed') }}
    where charge_model = 'dynamic' and quantity <> 0

),

amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        1 as tier_number,
        null::numeric as up_to,
        rated_quantity as quantity,
        unit_price_unrounded as unit_price_unrounded,
        0::numeric(38, 12) as flat_fee_unrounded,
        trim_scale(rated_quantity * unit_price_unrounded) as amount_exact
    from quantities

)

select * from amounts
