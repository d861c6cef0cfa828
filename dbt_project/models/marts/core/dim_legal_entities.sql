-- grain: one row per legal_entity_id
with

legal_entities as (

    select
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
        catalog_version
    from {{ ref('int_legal_entities_known') }}

)

select * from legal_entities
