-- grain: one row per line_key on a draft invoice
with

lines as (

    select
        line_key,
        invoice_key,
        line_number,
        line_type,
        charge_key,
        source_id,
        adjusted_line_type,
        charge_month,
        customer_id,
        legal_entity_id,
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
        period_start,
        service_start,
        service_end
    from {{ ref('int_invoice_lines_drafted') }}

)

select * from lines
