-- grain: one row per credit_note_key and line_key
{{ config(pre_hook="{{ ensure_closed_table('fct_credit_note_lines') }}") }}

with

source_rows as (

    select
        credit_note_key,
        line_key,
        invoice_key,
        billed_line_type,
        charge_key,
        source_id,
        customer_id,
        legal_entity_id,
        subscription_id,
        plan_name,
        price_id,
        price_version_id,
        charge_model,
        label,
        meter_id,
        dimension_filter,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        is_counted_as_billed,
        charge_month,
        service_start,
        service_end
    from {{ source('closed', 'fct_credit_note_lines') }}

)

select * from source_rows
