-- grain: one row per customer_id, credit_note_key and line_key
{{
    config(
        materialized='load_applied',
        applied_by='close',
        primary_key=['customer_id', 'credit_note_key', 'line_key'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

select
    null::text as credit_note_key,
    lines.line_key,
    lines.invoice_key,
    null::integer as line_number,
    lines.line_number as invoice_line_number,
    lines.billed_line_type,
    lines.charge_key,
    lines.source_id,
    lines.customer_id,
    lines.legal_entity_id,
    lines.subscription_id,
    lines.plan_name,
    lines.price_id,
    lines.price_version_id,
    lines.charge_model,
    lines.label,
    lines.meter_id,
    lines.dimension_filter,
    lines.currency_code,
    lines.currency_exponent,
    lines.remaining_quantity as quantity,
    lines.remaining_unrounded as amount_unrounded,
    lines.remaining_minor as amount_minor,
    null::boolean as is_counted_as_billed,
    lines.charge_month,
    lines.service_start,
    lines.service_end
from {{ ref('int_lines_creditable') }} as lines
