-- grain: one row per customer_id, meter_id, dimension_key and usage_date
with

attributed as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_date,
        usage_month,
        subscription_id,
        price_version_id,
        event_count,
        quantity_sum
    from {{ ref('int_usage_attributed') }}

),

charges as (

    select
        subscription_id,
        price_version_id,
        month_start,
        amount_exact
    from {{ ref('int_charges_rated') }}

),

subscribed_months as (

    select
        customer_id,
        month_start,
        range_agg(daterange(service_start, service_end)) as subscribed_days
    from {{ ref('int_subscription_months') }}
    group by customer_id, month_start

),

fates as (

    select
        attributed.customer_id,
        attributed.meter_id,
        attributed.dimension_key,
        attributed.usage_date,
        attributed.subscription_id,
        attributed.price_version_id,
        case
            when attributed.price_version_id is not null and charges.amount_exact <> 0 then 'rated'
            when attributed.price_version_id is not null then 'zero_rated'
            else 'unpriced'
        end as fate,
        case
            when attributed.price_version_id is not null then null
            when attributed.usage_date <@ subscribed_months.subscribed_days then 'no_price'
            else 'no_subscription'
        end as unpriced_reason,
        attributed.event_count,
        attributed.quantity_sum
    from attributed
    left join charges
        on
            attributed.subscription_id = charges.subscription_id
            and attributed.price_version_id = charges.price_version_id
            and attributed.usage_month = charges.month_start
    left join subscribed_months
        on
            attributed.customer_id = subscribed_months.customer_id
            and attributed.usage_month = subscribed_months.month_start

)

select * from fates
