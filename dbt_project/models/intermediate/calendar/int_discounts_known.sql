-- grain: one row per discount_id, as the newest catalog version that names it has it
with

entries as (

    select
        catalog_version,
        discount_id,
        customer_id,
        subscription_id,
        label,
        percent,
        amount_unrounded,
        currency_code,
        plan_id,
        price_id,
        starts_on,
        periods,
        maximum_amount_unrounded
    from {{ ref('stg_catalog__discounts') }}

),

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

newest_entries as (

    select distinct on (entries.discount_id)
        entries.catalog_version,
        entries.discount_id,
        entries.customer_id,
        entries.subscription_id,
        entries.label,
        entries.percent,
        entries.amount_unrounded,
        entries.currency_code,
        entries.plan_id,
        entries.price_id,
        entries.starts_on,
        entries.periods,
        entries.maximum_amount_unrounded
    from entries
    inner join versions on entries.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by entries.discount_id, entries.catalog_version desc

)

select * from newest_entries
