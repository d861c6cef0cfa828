-- grain: one row per customer_id, line_type, source_id, subscription_id, price_version_id and month_start
with

lines as (

    select
        'charge' as line_type,
        '' as source_id,
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        price_id,
        plan_id,
        meter_id,
        legal_entity_id,
        catalog_version,
        charge_model,
        label,
        dimension_filter::text as dimension_filter,
        null::text as tax_category,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        service_start,
        service_end,
        billed_month
    from {{ ref('int_charges_rounded') }}
    union all
    select
        line_type,
        price_id as source_id,
        customer_id,
        subscription_id,
        null as price_version_id,
        month_start,
        price_id,
        plan_id,
        null as meter_id,
        legal_entity_id,
        catalog_version,
        null as charge_model,
        label,
        '{}' as dimension_filter,
        null as tax_category,
        currency_code,
        currency_exponent,
        0::numeric(38, 9) as quantity,
        (amount_minor * power(10::numeric, -currency_exponent))::numeric(38, 12) as amount_unrounded,
        amount_minor,
        service_start,
        service_end,
        month_start as billed_month
    from {{ ref('int_spend_limited') }}
    union all
    select
        line_type,
        source_id,
        customer_id,
        subscription_id,
        null as price_version_id,
        month_start,
        null as price_id,
        plan_id,
        null as meter_id,
        legal_entity_id,
        catalog_version,
        null as charge_model,
        label,
        '{}' as dimension_filter,
        tax_category,
        currency_code,
        currency_exponent,
        0::numeric(38, 9) as quantity,
        (amount_minor * power(10::numeric, -currency_exponent))::numeric(38, 12) as amount_unrounded,
        amount_minor,
        service_start,
        service_end,
        month_start as billed_month
    from {{ ref('int_lines_agreed') }}

)

select * from lines
