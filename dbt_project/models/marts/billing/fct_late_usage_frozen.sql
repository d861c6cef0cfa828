-- grain: one row per charge_key and currency_code
with

late_usage as (

    select
        charge_key,
        line_type,
        customer_id,
        legal_entity_id,
        subscription_id,
        price_id,
        price_version_id,
        label,
        meter_id,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        month_start,
        service_start,
        service_end
    from {{ ref('int_adjustments_by_policy') }}
    where late_usage_policy = 'frozen'

)

select * from late_usage
