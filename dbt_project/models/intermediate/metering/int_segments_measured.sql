-- grain: one row per subscription_id, price_version_id and month_start
{{
    config(
        materialized='replaced',
        primary_key=['customer_id', 'subscription_id', 'price_version_id', 'month_start']
    )
}}

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
        period_start,
        period_end,
        billed_month,
        service_start,
        service_end
    from {{ ref('int_charge_segments') }}

),

meters as (

    select
        meter_id,
        aggregation
    from {{ ref('int_meters_defined') }}

),

measured_usage as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        event_count,
        quantity_sum,
        quantity_max,
        quantity_not_added
    from {{ ref('int_usage_measured') }}

),

measured as (

    select
        segments.*,
        coalesce(measured_usage.event_count, 0)::bigint as event_count,
        -- not cut to the digits of a column: a sum may be longer, which rating reports
        coalesce(
            case meters.aggregation
                when 'count' then measured_usage.event_count
                when 'sum' then measured_usage.quantity_sum
                when 'max' then measured_usage.quantity_max
                else measured_usage.quantity_not_added
            end,
            0
        )::numeric(60, 9) as quantity
    from segments
    left join meters on segments.meter_id = meters.meter_id
    left join measured_usage
        on
            segments.customer_id = measured_usage.customer_id
            and segments.subscription_id = measured_usage.subscription_id
            and segments.price_version_id = measured_usage.price_version_id
            and segments.month_start = measured_usage.month_start

)

select * from measured
