-- grain: one row per charge_key: every line of every month, closed or open, as it comes to now
with

charges as (

    select
        'charge' as line_type,
        '' as source_id,
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        label,
        plan_name,
        dimension_filter::text as dimension_filter,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        is_closed,
        service_start,
        service_end,
        billed_month
    from {{ ref('int_charges_rounded') }}

),

keyed_lines as (

    select
        {{ surrogate_key([
            'customer_id', 'line_type', 'source_id', 'subscription_id', 'price_version_id', 'month_start'
        ]) }} as charge_key,
        charges.*
    from charges

)

select * from keyed_lines
