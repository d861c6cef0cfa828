-- grain: one row per catalog_version and subscription_id
with

source_rows as (

    select
        catalog_version,
        subscription_id,
        customer_id,
        plan_id,
        starts_on,
        ends_on
    from {{ source('raw_catalog', 'subscriptions') }}

)

select * from source_rows
