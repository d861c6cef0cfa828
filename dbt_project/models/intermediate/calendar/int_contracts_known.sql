-- grain: one row per contract_id, as the newest catalog version that names it has it
with

entries as (

    select
        catalog_version,
        contract_id,
        customer_id,
        label,
        starts_on,
        ends_on,
        interval,
        minimum_commitment_unrounded,
        currency_code
    from {{ ref('stg_catalog__contracts') }}

),

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

newest_entries as (

    select distinct on (entries.contract_id)
        entries.catalog_version,
        entries.contract_id,
        entries.customer_id,
        entries.label,
        entries.starts_on,
        entries.ends_on,
        entries.interval,
        entries.minimum_commitment_unrounded,
        entries.currency_code
    from entries
    inner join versions on entries.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by entries.contract_id, entries.catalog_version desc

)

select * from newest_entries
