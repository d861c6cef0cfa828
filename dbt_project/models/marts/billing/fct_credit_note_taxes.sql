-- grain: one row per customer_id, credit_note_key and tax_key
{{
    config(
        materialized='load_applied',
        applied_by='close',
        primary_key=['customer_id', 'credit_note_key', 'tax_key'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

select
    null::text as credit_note_key,
    taxes.tax_key,
    taxes.invoice_key,
    taxes.customer_id,
    taxes.country_code,
    taxes.treatment,
    taxes.tax_exempt_reason,
    taxes.currency_code,
    taxes.currency_exponent,
    taxes.rate_percent,
    taxes.base_minor,
    taxes.tax_minor,
    taxes.is_included
from {{ ref('fct_invoice_taxes') }} as taxes
