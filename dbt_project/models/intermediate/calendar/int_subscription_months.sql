-- grain: one row per subscription_id and month_start
with

customer_months as (

    select
        customer_id,
        month_start,
        month_end,
        days_in_month,
        legal_entity_id,
        catalog_version,
        is_closed,
        currency_code,
        currency_exponent,
        rounding_mode
    from {{ ref('int_customer_months') }}

),

subscriptions as (

    select
        catalog_version,
        subscription_id,
        customer_id,
        plan_id,
        starts_on,
        coalesce(ends_on, date 'infinity') as ends_on
    from {{ ref('stg_catalog__subscriptions') }}

),

subscription_months as (

    select
        subscriptions.subscription_id,
        customer_months.month_start,
        customer_months.customer_id,
        subscriptions.plan_id,
        customer_months.legal_entity_id,
        customer_months.catalog_version,
        customer_months.currency_code,
        customer_months.rounding_mode,
        customer_months.currency_exponent,
        customer_months.days_in_month,
        customer_months.is_closed,
        greatest(customer_months.month_start, subscriptions.starts_on) as service_start,
        least(customer_months.month_end, subscriptions.ends_on) as service_end
    from customer_months
    inner join subscriptions
        on
            customer_months.catalog_version = subscriptions.catalog_version
            and customer_months.customer_id = subscriptions.customer_id
            and customer_months.month_end > subscriptions.starts_on
            and customer_months.month_start < subscriptions.ends_on

)

select * from subscription_months
