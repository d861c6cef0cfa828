-- grain: one row per application_key
with

closed_applications as (

    select
        'closed' as status,
        application_key,
        invoice_key,
        grant_id,
        customer_id,
        label,
        currency_code,
        currency_exponent,
        position,
        amount_minor,
        period_start
    from {{ ref('fct_credit_applications') }}

),

draft_applications as (

    select
        'draft' as status,
        application_key,
        invoice_key,
        grant_id,
        customer_id,
        label,
        currency_code,
        currency_exponent,
        position,
        amount_minor,
        period_start
    from {{ ref('fct_draft_credit_applications') }}

),

applications as (

    select * from closed_applications
    union all
    select * from draft_applications

)

select * from applications
