-- grain: one row per grant_id, as the newest catalog version that names it has it
with

entries as (

    select
        catalog_version,
        grant_id,
        customer_id,
        label,
        currency_code,
        amount_unrounded,
        priority,
        granted_on,
        expires_on
    from {{ ref('stg_catalog__credit_grants') }}

),

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

currencies as (

    select
        currency_code,
        currency_exponent
    from {{ ref('currencies') }}

),

newest_entries as (

    select distinct on (entries.customer_id, entries.grant_id)
        entries.customer_id,
        entries.grant_id,
        entries.label,
        entries.currency_code,
        currencies.currency_exponent,
        entries.priority,
        {{ to_minor_units('entries.amount_unrounded', 'currencies.currency_exponent', "'half_even'") }}
            as granted_minor,
        entries.granted_on,
        entries.expires_on,
        entries.catalog_version
    from entries
    inner join versions on entries.catalog_version = versions.catalog_version
    inner join currencies on entries.currency_code = currencies.currency_code
    where versions.state = 'landed'
    order by entries.customer_id, entries.grant_id, entries.catalog_version desc

)

select * from newest_entries
