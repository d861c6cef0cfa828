-- grain: one row per customer_id and credit_note_key; also one per credit_note_number
{{
    config(
        materialized='load_applied',
        applied_by='close',
        primary_key=['customer_id', 'credit_note_key'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

select
    null::text as credit_note_key,
    null::text as credit_note_number,
    null::text as note_type,
    invoices.invoice_key,
    invoices.invoice_number,
    invoices.legal_entity_id,
    invoices.legal_entity_name,
    invoices.customer_id,
    invoices.customer_name,
    invoices.country_code,
    invoices.currency_code,
    invoices.currency_exponent,
    null::text as reason,
    null::text as issued_by,
    null::integer as line_count,
    invoices.subtotal_minor,
    invoices.tax_minor,
    invoices.included_tax_minor,
    invoices.total_minor,
    null::boolean as is_counted_as_billed,
    invoices.period_start,
    null::timestamptz as issued_at
from {{ ref('fct_invoices') }} as invoices
