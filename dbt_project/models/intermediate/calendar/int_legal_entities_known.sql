-- grain: one row per legal_entity_id, as the newest catalog version that names it has it
with

entries as (

    select
        catalog_version,
        legal_entity_id,
        legal_entity_name,
        country_code,
        address,
        vat_id,
        invoice_number_prefix,
        rounding_mode,
        late_usage_policy,
        zero_invoices,
        grace_period_days,
        payment_terms_days,
        back_dated_change_policy,
        duplicate_event_policy
    from {{ ref('stg_catalog__legal_entities') }}

),

versions as (

    select
        catalog_version,
        state
    from {{ ref('stg_catalog__versions') }}

),

newest_entries as (

    select distinct on (entries.legal_entity_id)
        entries.legal_entity_id,
        entries.legal_entity_name,
        entries.country_code,
        entries.address,
        entries.vat_id,
        entries.invoice_number_prefix,
        entries.rounding_mode,
        entries.late_usage_policy,
        entries.zero_invoices,
        entries.grace_period_days,
        entries.payment_terms_days,
        entries.back_dated_change_policy,
        entries.duplicate_event_policy,
        entries.catalog_version
    from entries
    inner join versions on entries.catalog_version = versions.catalog_version
    where versions.state = 'landed'
    order by entries.legal_entity_id, entries.catalog_version desc

)

select * from newest_entries
