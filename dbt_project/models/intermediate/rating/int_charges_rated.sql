-- grain: one row per subscription_id, price_version_id and month_start that is charged
{{ config(materialized='replaced', primary_key=['customer_id', 'subscription_id', 'price_version_id', 'month_start']) }}

with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        price_id,
        plan_id,
        meter_id,
        legal_entity_id,
        catalog_version,
        charge_model,
        label,
        dimension_filter,
        currency_code,
        rounding_mode,
        currency_exponent,
        quantity,
        rated_quantity,
        service_start,
        service_end
    from {{ ref('int_quantities_transformed') }}

),

tier_sums as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        bool_or(amount_exact is null) as has_undefined_tier,
        bool_or(amount_unrounded is null or quantity is null or flat_fee_unrounded is null) as has_tier_out_of_range,
        sum(amount_exact) as amount_exact,
        sum(amount_unrounded) as amount_unrounded
    from {{ ref('int_charge_tiers_rated') }}
    group by customer_id, subscription_id, price_version_id, month_start

),

summed as (

    select
        segments.*,
        coalesce(tier_sums.amount_exact, 0) as tiers_exact,
        coalesce(tier_sums.amount_unrounded, 0) as tiers_unrounded,
        segments.rated_quantity is null
        or coalesce(tier_sums.has_undefined_tier, segments.quantity <> 0) as is_undefined,
        coalesce(tier_sums.has_tier_out_of_range, false) as has_tier_out_of_range
    from segments
    left join tier_sums
        on
            segments.customer_id = tier_sums.customer_id
            and segments.subscription_id = tier_sums.subscription_id
            and segments.price_version_id = tier_sums.price_version_id
            and segments.month_start = tier_sums.month_start

),

judged as (

    select
        *,
        case
            when abs(quantity) >= 1e29 or rated_quantity >= 1e29
                then 'the quantity is out of range: it has more than 29 digits before the decimal point'
            when is_undefined
                then 'the amount is undefined: a division by zero, or a term of the price is missing'
            when has_tier_out_of_range or abs(tiers_exact) * power(10::numeric, currency_exponent) >= 1e17
                then 'the amount is out of range: it has more than 17 digits in minor units'
        end as rating_problem
    from summed

),

charges as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        price_id,
        plan_id,
        meter_id,
        legal_entity_id,
        catalog_version,
        charge_model,
        label,
        dimension_filter,
        currency_code,
        rounding_mode,
        currency_exponent,
        case when abs(quantity) < 1e29 then quantity else 0 end::numeric(38, 9) as quantity,
        case when rated_quantity < 1e29 then rated_quantity else 0 end::numeric(38, 9) as rated_quantity,
        case when rating_problem is null then tiers_exact else 0 end as amount_exact,
        case when rating_problem is null then tiers_unrounded else 0 end::numeric(38, 12) as amount_unrounded,
        rating_problem,
        service_start,
        service_end
    from judged
    where quantity <> 0 or tiers_exact <> 0 or rating_problem is not null

)

select * from charges
