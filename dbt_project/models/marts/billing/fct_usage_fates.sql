-- grain: one row per customer_id, meter_id, dimension_key and usage_date
with

usage_fates as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        subscription_id,
        price_version_id,
        fate,
        unpriced_reason,
        event_count,
        quantity_sum
    from {{ ref('int_usage_fates') }}

)

select * from usage_fates
