-- grain: one row per customer_id, period_start and currency_code that is closed; also one per invoice_number
{{
    config(
        materialized='load_applied',
        applied_by='close',
        primary_key=['customer_id', 'invoice_key'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

select
    invoices.invoice_key,
    null::text as invoice_number,
    invoices.legal_entity_id,
    invoices.legal_entity_name,
    invoices.customer_id,
    invoices.customer_name,
    invoices.country_code,
    null::text as legal_entity_address,
    null::text as legal_entity_country_code,
    null::text as legal_entity_vat_id,
    null::text as customer_address,
    null::text as customer_vat_id,
    invoices.currency_code,
    invoices.currency_exponent,
    invoices.catalog_version,
    invoices.line_count,
    invoices.subtotal_minor,
    invoices.tax_minor,
    invoices.included_tax_minor,
    invoices.credit_minor,
    invoices.total_minor,
    invoices.adjustment_minor,
    invoices.period_start,
    invoices.period_end,
    null::date as due_on,
    null::timestamptz as issued_at
from {{ ref('int_invoices_drafted') }} as invoices
