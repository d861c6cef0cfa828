-- grain: one row per line_key
with

closed_lines as (

    select
        line_key,
        customer_id,
        billed_line_type as line_type,
        source_id,
        subscription_id,
        price_version_id,
        charge_month as month_start,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        label,
        plan_name,
        dimension_filter,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        service_start,
        service_end
    from {{ ref('stg_closed__invoice_lines') }}

)

select * from closed_lines
