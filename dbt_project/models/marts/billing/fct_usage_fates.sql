-- grain: one row per customer_id, meter_id, dimension_key, usage_date, subscription_id, price_version_id, month_start and unpriced_reason
with

usage_fates as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        subscription_id,
        price_version_id,
        month_start,
        fate,
        unpriced_reason,
        event_count,
        quantity_sum
    from {{ ref('int_usage_fates') }}

)

select * from usage_fates
