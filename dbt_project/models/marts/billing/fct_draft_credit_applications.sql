-- grain: one row per application_key on a draft invoice
with

applications as (

    select
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
    from {{ ref('int_credit_applications_drafted') }}

)

select * from applications
