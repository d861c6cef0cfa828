-- grain: one row per catalog_version and subscription_id
with

source_rows as (

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
        changes::jsonb as changes,
        pauses::jsonb as pauses
    from {{ source('raw_catalog', 'subscriptions') }}

)

select * from source_rows
