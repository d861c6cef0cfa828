-- grain: one row per tax_key on a closed invoice
{{
    config(
        materialized='load_applied',
        applied_by='close',
        primary_key=['customer_id', 'tax_key'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

select
    taxes.tax_key,
    taxes.invoice_key,
    taxes.customer_id,
    taxes.country_code,
    taxes.treatment,
    taxes.tax_exempt_reason,
    taxes.currency_code,
    taxes.currency_exponent,
    taxes.rate_percent,
    taxes.line_count,
    taxes.base_minor,
    taxes.tax_minor,
    taxes.is_included,
    taxes.period_start
from {{ ref('int_invoice_taxes_drafted') }} as taxes
