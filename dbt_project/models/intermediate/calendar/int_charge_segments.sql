-- grain: one row per subscription_id, price_version_id and month_start
with

split_months as (

    select
        customer_id,
        subscription_id,
        billing_interval,
        month_start,
        plan_id,
        legal_entity_id,
        catalog_version,
        currency_code,
        rounding_mode,
        billing_time_zone,
        currency_exponent,
        days_in_month,
        has_begun,
        first_month,
        period_start,
        period_end,
        period_starts_at,
        period_ends_at,
        plan_spans
    from {{ ref('int_subscription_months_split') }}

),

priced as (

    select
        split_months.*,
        prices.price_id,
        prices.price_version_id,
        prices.meter_id,
        prices.label,
        prices.charge_model,
        prices.dimension_filter,
        prices.unit_price_unrounded,
        prices.flat_amount_unrounded,
        prices.package_size,
        prices.package_price_unrounded,
        prices.divide_by,
        prices.quantity_rounding,
        prices.quantity_rounding_places,
        prices.is_negative_allowed,
        prices.free_units,
        prices.tier_boundary,
        prices.is_zero_usage_flat_fee_charged,
        prices.is_billed_in_advance,
        case
            when
                prices.valid_from <= split_months.period_start
                and coalesce(prices.valid_to, date 'infinity') >= split_months.period_end
                then split_months.plan_spans
            else
                split_months.plan_spans * tstzmultirange(tstzrange(
                    {{ local_midnight('prices.valid_from', 'split_months.billing_time_zone') }},
                    {{ local_midnight("coalesce(prices.valid_to, date 'infinity')", 'split_months.billing_time_zone') }}
                ))
        end as service_spans
    from split_months
    inner join {{ ref('stg_catalog__prices') }} as prices
        on
            split_months.plan_id = prices.plan_id
            and split_months.catalog_version = prices.catalog_version
            and split_months.billing_interval = prices.billing_interval
            and split_months.currency_code = coalesce(prices.currency_code, split_months.currency_code)
            and split_months.period_end > prices.valid_from
            and split_months.period_start < coalesce(prices.valid_to, date 'infinity')
    where split_months.has_begun or prices.is_billed_in_advance

),

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
        tier_boundary,
        currency_exponent,
        unit_price_unrounded,
        flat_amount_unrounded,
        package_size,
        package_price_unrounded,
        divide_by,
        quantity_rounding,
        quantity_rounding_places,
        is_negative_allowed,
        free_units,
        days_in_month,
        is_zero_usage_flat_fee_charged,
        is_billed_in_advance,
        billing_interval,
        billing_time_zone,
        period_start,
        period_end,
        case
            when is_billed_in_advance
                then greatest(date_trunc('month', (period_start - 1)::timestamp)::date, first_month)
            else month_start
        end as billed_month,
        (lower(service_spans) at time zone billing_time_zone)::date as service_start,
        ((upper(service_spans) - interval '1 microsecond') at time zone billing_time_zone)::date + 1 as service_end,
        period_starts_at,
        period_ends_at,
        lower(service_spans) as service_starts_at,
        upper(service_spans) as service_ends_at,
        service_spans
    from priced
    where not isempty(service_spans)

)

select * from segments
