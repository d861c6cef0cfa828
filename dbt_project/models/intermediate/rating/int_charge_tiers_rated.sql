-- grain: one row per subscription_id, price_version_id, month_start and tier_number
{{ config(
    materialized='replaced',
    primary_key=['customer_id', 'subscription_id', 'price_version_id', 'month_start', 'tier_number']
) }}

with

tiers as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        tier_number,
        up_to,
        quantity,
        unit_price_unrounded,
        flat_fee_unrounded,
        amount_exact::numeric(38, 12) as amount_unrounded
    from {{ ref('int_usage_tiers_graduated') }}
    union all
    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        tier_number,
        up_to,
        quantity,
        unit_price_unrounded,
        flat_fee_unrounded,
        amount_exact::numeric(38, 12) as amount_unrounded
    from {{ ref('int_usage_tiers_volume') }}
    union all
    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        tier_number,
        up_to,
        quantity,
        unit_price_unrounded,
        flat_fee_unrounded,
        amount_exact::numeric(38, 12) as amount_unrounded
    from {{ ref('int_usage_tiers_stairstep') }}
    union all
    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        tier_number,
        up_to,
        quantity,
        unit_price_unrounded,
        flat_fee_unrounded,
        amount_exact::numeric(38, 12) as amount_unrounded
    from {{ ref('int_usage_tiers_graduated_percentage') }}

)

select * from tiers
