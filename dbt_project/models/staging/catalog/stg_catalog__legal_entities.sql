-- grain: one row per catalog_version and legal_entity_id
with

source_rows as (

    select
        catalog_version,
        legal_entity_id,
        legal_entity_name,
        country_code,
        address,
        vat_id,
        invoice_number_prefix,
        grace_period_days,
        payment_terms_days,
        rounding_mode,
        tax_rounding,
        prices_include_tax,
        proration,
        plan_change_policy,
        back_dated_change_policy,
        duplicate_event_policy,
        rounding_scope,
        late_usage_policy,
        zero_invoices
    from {{ source('raw_catalog', 'legal_entities') }}

)

select * from source_rows
