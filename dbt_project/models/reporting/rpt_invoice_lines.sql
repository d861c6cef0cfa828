-- grain: one row per line_key
with

closed_invoices as (

    select
        customer_id,
        invoice_key,
        invoice_number
    from {{ ref('fct_invoices') }}

),

closed_lines as (

    select
        lines.invoice_key,
        closed_invoices.invoice_number,
        lines.line_key,
        lines.line_number,
        lines.line_type,
        lines.charge_key,
        lines.source_id,
        lines.adjusted_line_type,
        lines.charge_month,
        'closed' as status,
        lines.customer_id,
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
        lines.service_start,
        lines.service_end
    from {{ ref('fct_invoice_lines') }} as lines
    inner join closed_invoices
        on
            lines.customer_id = closed_invoices.customer_id
            and lines.invoice_key = closed_invoices.invoice_key

),

draft_lines as (

    select
        invoice_key,
        null::text as invoice_number,
        line_key,
        line_number,
        line_type,
        charge_key,
        source_id,
        adjusted_line_type,
        charge_month,
        'draft' as status,
        customer_id,
        subscription_id,
        plan_name,
        price_id,
        price_version_id,
        charge_model,
        label,
        meter_id,
        meter_name,
        unit,
        dimension_filter,
        tax_category,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        discount_minor,
        service_start,
        service_end
    from {{ ref('fct_draft_invoice_lines') }}

),

lines as (

    select * from closed_lines
    union all
    select * from draft_lines

)

select * from lines
