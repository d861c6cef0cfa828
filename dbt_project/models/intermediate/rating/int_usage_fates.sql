-- grain: one row per customer_id, meter_id, dimension_key, usage_date, subscription_id, price_version_id, month_start and unpriced_reason
with

attributed as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        subscription_id,
        price_version_id,
        month_start,
        is_subscribed,
        event_count,
        quantity_sum
    from {{ ref('int_usage_attributed') }}

),

charges as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        amount_exact
    from {{ ref('int_charges_rated') }}

),

fates as (

    select
        attributed.customer_id,
        attributed.meter_id,
        attributed.dimension_key,
        attributed.usage_date,
        attributed.subscription_id,
        attributed.price_version_id,
        attributed.month_start,
        case
            when attributed.price_version_id is not null and charges.amount_exact <> 0 then 'rated'
            when attributed.price_version_id is not null then 'zero_rated'
            else 'unpriced'
        end as fate,
        case
            when attributed.price_version_id is not null then null
            when attributed.is_subscribed then 'no_price'
            else 'no_subscription'
        end as unpriced_reason,
        attributed.event_count,
        attributed.quantity_sum
    from attributed
    left join charges
        on
            attributed.customer_id = charges.customer_id
            and attributed.subscription_id = charges.subscription_id
            and attributed.price_version_id = charges.price_version_id
            and attributed.month_start = charges.month_start

)

select * from fates
