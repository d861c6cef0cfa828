-- grain: one row per line_key and tier_number on a closed invoice
{{
    config(
        materialized='load_applied',
        applied_by='close',
        primary_key=['customer_id', 'line_key', 'tier_number'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

select
    tiers.line_key,
    tiers.invoice_key,
    tiers.tier_number,
    tiers.customer_id,
    tiers.currency_code,
    tiers.currency_exponent,
    tiers.up_to,
    tiers.quantity,
    tiers.unit_price_unrounded,
    tiers.flat_fee_unrounded,
    tiers.amount_unrounded,
    tiers.period_start
from {{ ref('int_invoice_line_tiers_drafted') }} as tiers
