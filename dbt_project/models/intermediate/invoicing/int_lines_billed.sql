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

),

-- what notes took off and is to be billed again, and what they added; a favour is no part of it
note_lines as (

    select
        {{ surrogate_key(['credit_note_key', 'line_key']) }} as line_key,
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
    from {{ ref('stg_closed__credit_note_lines') }}
    where is_counted_as_billed

),

billed as (

    select * from closed_lines
    union all
    select * from note_lines

)

select * from billed
