-- grain: one row per application_key on a closed invoice
{{
    config(
        materialized='load_applied',
        applied_by='close',
        primary_key=['customer_id', 'application_key'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

select
    applications.application_key,
    applications.invoice_key,
    applications.grant_id,
    applications.customer_id,
    applications.label,
    applications.currency_code,
    applications.currency_exponent,
    applications.position,
    applications.amount_minor,
    applications.period_start
from {{ ref('int_credit_applications_drafted') }} as applications
