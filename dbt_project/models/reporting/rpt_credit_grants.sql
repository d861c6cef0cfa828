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
    from {{ ref('fct_credit_grants') }}

),

customers as (

    select
        customer_id,
        customer_name
    from {{ ref('dim_customers') }}

),

drafted as (

    select
        customer_id,
        grant_id,
        sum(amount_minor)::bigint as drafted_minor
    from {{ ref('fct_draft_credit_applications') }}
    group by customer_id, grant_id

),

balances as (

    select
        grants.grant_id,
        grants.customer_id,
        customers.customer_name,
        grants.label,
        grants.currency_code,
        grants.currency_exponent,
        grants.priority,
        grants.granted_minor,
        grants.applied_minor,
        grants.remaining_minor,
        coalesce(drafted.drafted_minor, 0) as drafted_minor,
        grants.remaining_minor - coalesce(drafted.drafted_minor, 0) as left_after_drafts_minor,
        grants.granted_on,
        grants.expires_on
    from grants
    left join customers on grants.customer_id = customers.customer_id
    left join drafted
        on
            grants.customer_id = drafted.customer_id
            and grants.grant_id = drafted.grant_id

)

select * from balances
