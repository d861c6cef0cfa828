-- grain: one row per line_key on a closed invoice
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
    lines.line_key,
    lines.invoice_key,
    lines.line_number,
    lines.line_type,
    lines.charge_key,
    lines.source_id,
    lines.adjusted_line_type,
    lines.charge_month,
    lines.customer_id,
    lines.legal_entity_id,
    lines.subscription_id,
    lines.plan_name,
    lines.price_id,
    lines.price_version_id,
    lines.charge_model,
    lines.label,
    lines.meter_id,
    lines.meter_name,
    lines.unit,
    lines.dimension_filter,
    lines.tax_category,
    lines.currency_code,
    lines.currency_exponent,
    lines.quantity,
    lines.amount_unrounded,
    lines.amount_minor,
    lines.discount_minor,
    lines.period_start,
    lines.service_start,
    lines.service_end
from {{ ref('int_invoice_lines_drafted') }} as lines
