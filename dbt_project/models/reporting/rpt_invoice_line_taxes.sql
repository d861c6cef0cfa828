-- grain: one row per line_key
with

closed_taxes as (

    select
        'closed' as status,
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
    from {{ ref('fct_invoice_line_taxes') }}

),

draft_taxes as (

    select
        'draft' as status,
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
    from {{ ref('fct_draft_invoice_line_taxes') }}

),

line_taxes as (

    select * from closed_taxes
    union all
    select * from draft_taxes

)

select * from line_taxes
