-- grain: one row per customer_id and grant_id
with

grants as (

    select
        grant_id,
        customer_id,
        label,
        currency_code,
        currency_exponent,
        priority,
        granted_minor,
        applied_minor,
        remaining_minor,
        granted_on,
        expires_on
    from {{ ref('int_credit_grants_balanced') }}

)

select * from grants
