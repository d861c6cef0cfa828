-- grain: one row per customer_id, subscription_id, price_version_id and month_start billed in an earlier month
with

segments as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        billed_month
    from {{ ref('int_segments_measured') }}
    where billed_month <> month_start

)

select * from segments
