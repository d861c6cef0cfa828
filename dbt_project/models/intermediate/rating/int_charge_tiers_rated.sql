-- grain: one row per subscription_id, price_version_id, month_start and tier_number
{{ config(
    materialized='replaced',
    primary_key=['customer_id', 'subscription_id', 'price_version_id', 'month_start', 'tier_number']
) }}

with

tiers as (

    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, flat_fee_unrounded as flat_fee_exact, amount_exact
    from {{ ref('int_usage_tiers_free') }}
    union all
    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, flat_fee_unrounded as flat_fee_exact, amount_exact
    from {{ ref('int_usage_tiers_per_unit') }}
    union all
    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, flat_fee_unrounded as flat_fee_exact, amount_exact
    from {{ ref('int_usage_tiers_graduated') }}
    union all
    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, flat_fee_unrounded as flat_fee_exact, amount_exact
    from {{ ref('int_usage_tiers_volume') }}
    union all
    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, flat_fee_unrounded as flat_fee_exact, amount_exact
    from {{ ref('int_usage_tiers_stairstep') }}
    union all
    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, flat_fee_unrounded as flat_fee_exact, amount_exact
    from {{ ref('int_usage_tiers_package') }}
    union all
    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, fees_exact as flat_fee_exact, amount_exact
    from {{ ref('int_usage_tiers_percentage') }}
    union all
    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, flat_fee_unrounded as flat_fee_exact, amount_exact
    from {{ ref('int_usage_tiers_graduated_percentage') }}
    union all
    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, flat_fee_unrounded as flat_fee_exact, amount_exact
    from {{ ref('int_usage_tiers_dynamic') }}
    union all
    select
        subscription_id, price_version_id, month_start, customer_id, tier_number,
        up_to, quantity, unit_price_unrounded, flat_fee_unrounded as flat_fee_exact, amount_exact
    from {{ ref('int_fees_rated_flat') }}

),

-- what is too large for its column is left out of it: int_charges_rated says so and charges nothing
fitting as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        tier_number,
        up_to,
        case when abs(quantity) < 1e29 then quantity end::numeric(38, 9) as quantity,
        unit_price_unrounded,
        case when abs(flat_fee_exact) < 1e25 then flat_fee_exact end::numeric(38, 12) as flat_fee_unrounded,
        amount_exact,
        case when abs(amount_exact) < 1e25 then amount_exact end::numeric(38, 12) as amount_unrounded
    from tiers

)

select * from fitting
