-- grain: one row per plan_id, as the newest catalog version that names it has it
with

entries as (

    select
        catalog_version,
        plan_id,
        plan_name,
        currency_code,
        billing_interval
    from {{ ref('stg_catalog__plans') }}

),

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

newest_entries as (

    select distinct on (entries.plan_id)
        entries.plan_id,
        entries.plan_name,
        entries.currency_code,
        entries.billing_interval,
        entries.catalog_version
    from entries
    inner join versions on entries.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by entries.plan_id, entries.catalog_version desc

)

select * from newest_entries
