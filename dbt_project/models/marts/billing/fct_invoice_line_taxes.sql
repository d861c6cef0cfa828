-- grain: one row per line_key on a closed invoice that is taxed
{{
    config(
        materialized='load_applied',
        applied_by='close',
        primary_key=['customer_id', 'line_key'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

select
    line_taxes.line_key,
    line_taxes.tax_key,
    line_taxes.invoice_key,
    line_taxes.customer_id,
    line_taxes.treatment,
    line_taxes.currency_code,
    line_taxes.currency_exponent,
    line_taxes.rate_percent,
    line_taxes.amount_minor,
    line_taxes.tax_minor,
    line_taxes.is_included,
    line_taxes.period_start
from {{ ref('int_line_taxes_drafted') }} as line_taxes
