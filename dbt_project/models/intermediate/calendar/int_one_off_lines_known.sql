-- grain: one row per one_off_id, as the newest catalog version that names it has it
with

entries as (

    select
        catalog_version,
        one_off_id,
        customer_id,
        charged_on,
        label,
        amount_unrounded,
        currency_code,
        tax_category
    from {{ ref('stg_catalog__one_off_lines') }}

),

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

newest_entries as (

    select distinct on (entries.one_off_id)
        entries.catalog_version,
        entries.one_off_id,
        entries.customer_id,
        entries.charged_on,
        entries.label,
        entries.amount_unrounded,
        entries.currency_code,
        entries.tax_category
    from entries
    inner join versions on entries.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by entries.one_off_id, entries.catalog_version desc

)

select * from newest_entries
