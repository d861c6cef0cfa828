-- grain: one row per subscription_id, as the newest catalog version that names it has it
with

entries as (

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

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

newest_entries as (

    select distinct on (entries.subscription_id)
        entries.subscription_id,
        entries.customer_id,
        entries.plan_id,
        entries.starts_on,
        entries.ends_on,
        entries.starts_at,
        entries.ends_at,
        entries.billing_anchor_day,
        entries.quantity,
        entries.trial_ends_on,
        entries.changes,
        entries.pauses,
        entries.catalog_version
    from entries
    inner join versions on entries.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by entries.subscription_id, entries.catalog_version desc

)

select * from newest_entries
