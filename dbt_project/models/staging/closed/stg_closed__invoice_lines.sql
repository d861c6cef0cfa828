-- grain: one row per line_key
{{ config(pre_hook="{{ ensure_closed_table('fct_invoice_lines') }}") }}

with

source_rows as (

    select
        line_key,
        invoice_key,
        line_type,
        subscription_id,
        price_version_id,
        price_id,
        customer_id,
        legal_entity_id,
        meter_id,
        charge_model,
        label,
        plan_name,
        dimension_filter,
        currency_code,
        currency_exponent,
        service_start,
        service_end,
        period_start,
        quantity,
        amount_unrounded,
        amount_minor
    from {{ source('closed', 'fct_invoice_lines') }}

)

select * from source_rows
