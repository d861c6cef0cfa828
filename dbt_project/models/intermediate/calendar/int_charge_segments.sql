-- grain: one row per subscription_id, price_version_id and month_start
with

subscription_months as (

    select
        subscription_id,
        month_start,
        customer_id,
        plan_id,
        legal_entity_id,
        catalog_version,
        currency_code,
        rounding_mode,
        currency_exponent,
        days_in_month,
        is_closed,
        service_start,
        service_end
    from {{ ref('int_subscription_months') }}

),

prices as (

    select
        catalog_version,
        price_id,
        price_version_id,
        valid_from,
        coalesce(valid_to, date 'infinity') as valid_to,
        plan_id,
        meter_id,
        label,
        charge_model,
        dimension_filter,
        unit_price_unrounded,
        flat_amount_unrounded,
        package_size,
        package_price_unrounded,
        divide_by,
        quantity_rounding,
        quantity_rounding_places,
        is_negative_allowed,
        free_units,
        tier_boundary,
        is_zero_usage_flat_fee_charged
    from {{ ref('stg_catalog__prices') }}

),

segments as (

    select
        subscription_months.subscription_id,
        prices.price_version_id,
        subscription_months.month_start,
        subscription_months.customer_id,
        prices.price_id,
        subscription_months.plan_id,
        prices.meter_id,
        subscription_months.legal_entity_id,
        subscription_months.catalog_version,
        prices.charge_model,
        prices.label,
        prices.dimension_filter,
        subscription_months.currency_code,
        subscription_months.rounding_mode,
        prices.tier_boundary,
        subscription_months.currency_exponent,
        prices.unit_price_unrounded,
        prices.flat_amount_unrounded,
        prices.package_size,
        prices.package_price_unrounded,
        prices.divide_by,
        prices.quantity_rounding,
        prices.quantity_rounding_places,
        prices.is_negative_allowed,
        prices.free_units,
        subscription_months.days_in_month,
        prices.is_zero_usage_flat_fee_charged,
        subscription_months.is_closed,
        greatest(subscription_months.service_start, prices.valid_from) as service_start,
        least(subscription_months.service_end, prices.valid_to) as service_end
    from subscription_months
    inner join prices
        on
            subscription_months.catalog_version = prices.catalog_version
            and subscription_months.plan_id = prices.plan_id
            and subscription_months.service_end > prices.valid_from
            and subscription_months.service_start < prices.valid_to

)

select * from segments
