-- grain: one row per line_key
{{ config(pre_hook="{{ ensure_closed_table('fct_invoice_lines') }}") }}

with

source_rows as (

    select
        line_key,
        invoice_key,
        line_number,
        line_type,
        charge_key as stored_charge_key,
        -- lines closed before there were others are charges, and adjustments of charges
        coalesce(adjusted_line_type, case when line_type = 'adjustment' then 'charge' else line_type end)
            as billed_line_type,
        coalesce(source_id, '') as source_id,
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
        tax_category,
        currency_code,
        currency_exponent,
        coalesce(charge_month, date_trunc('month', service_start::timestamp)::date) as charge_month,
        service_start,
        service_end,
        period_start,
        quantity,
        amount_unrounded,
        amount_minor,
        coalesce(discount_minor, 0) as discount_minor
    from {{ source('closed', 'fct_invoice_lines') }}

),

keyed_rows as (

    select
        line_key,
        invoice_key,
        line_number,
        line_type,
        billed_line_type,
        coalesce(
            stored_charge_key,
            {{ surrogate_key([
                'customer_id', 'billed_line_type', 'source_id', 'subscription_id', 'price_version_id', 'charge_month'
            ]) }}
        ) as charge_key,
        source_id,
        charge_month,
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
        tax_category,
        currency_code,
        currency_exponent,
        service_start,
        service_end,
        period_start,
        quantity,
        amount_unrounded,
        amount_minor,
        discount_minor
    from source_rows

)

select * from keyed_rows
