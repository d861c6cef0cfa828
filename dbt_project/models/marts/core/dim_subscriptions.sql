-- grain: one row per subscription_id
with

subscriptions as (

    select
        subscription_id,
        customer_id,
        plan_id,
        starts_on,
        ends_on,
        catalog_version
    from {{ ref('int_subscriptions_known') }}

)

select * from subscriptions
