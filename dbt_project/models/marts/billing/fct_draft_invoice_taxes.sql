-- grain: one row per tax_key on a draft invoice
with

taxes as (

    select
        tax_key,
        invoice_key,
        customer_id,
        country_code,
        treatment,
        tax_exempt_reason,
        currency_code,
        currency_exponent,
        rate_percent,
        line_count,
        base_minor,
        tax_minor,
        is_included,
        period_start
    from {{ ref('int_invoice_taxes_drafted') }}

)

select * from taxes
