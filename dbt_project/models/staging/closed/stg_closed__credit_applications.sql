-- grain: one row per application_key
{{ config(pre_hook="{{ ensure_closed_table('fct_credit_applications') }}") }}

with

source_rows as (

    select
        application_key,
        invoice_key,
        grant_id,
        customer_id,
        currency_code,
        amount_minor,
        period_start
    from {{ source('closed', 'fct_credit_applications') }}

)

select * from source_rows
