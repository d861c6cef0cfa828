-- grain: one row per subscription_id, catalog_version and is_frozen
with

known_subscriptions as (

    select
        catalog_version,
        subscription_id,
        customer_id,
        plan_id,
        starts_on,
        ends_on,
        starts_at,
        ends_at,
        billing_anchor_day,
        quantity,
        trial_ends_on,
        changes,
        pauses
    from {{ ref('int_subscriptions_known') }}

),

subscriptions as (

    select
        catalog_version,
        subscription_id,
        customer_id,
        plan_id,
        starts_on,
        ends_on,
        starts_at,
        ends_at,
        billing_anchor_day,
        quantity,
        trial_ends_on,
        changes,
        pauses
    from {{ ref('stg_catalog__subscriptions') }}

),

versioned as (

    select
        *,
        false as is_frozen
    from known_subscriptions
    union all
    select
        *,
        true as is_frozen
    from subscriptions
    where catalog_version in (select closes.catalog_version from {{ ref('stg_ops__closes') }} as closes)

)

select * from versioned
