-- grain: one row per line_key on a draft invoice that is taxed
with

line_taxes as (

    select
        line_key,
        tax_key,
        invoice_key,
        customer_id,
        treatment,
        currency_code,
        currency_exponent,
        rate_percent,
        amount_minor,
        tax_minor,
        is_included,
        period_start
    from {{ ref('int_line_taxes_drafted') }}

)

select * from line_taxes
