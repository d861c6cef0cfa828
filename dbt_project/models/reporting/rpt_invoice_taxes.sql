-- grain: one row per tax_key
with

closed_taxes as (

    select
        'closed' as status,
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
    from {{ ref('fct_invoice_taxes') }}

),

draft_taxes as (

    select
        'draft' as status,
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
    from {{ ref('fct_draft_invoice_taxes') }}

),

taxes as (

    select * from closed_taxes
    union all
    select * from draft_taxes

)

select * from taxes
