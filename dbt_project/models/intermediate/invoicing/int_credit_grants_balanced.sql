-- grain: one row per customer_id and grant_id
with

grants as (

    select
        customer_id,
        grant_id,
        label,
        currency_code,
        currency_exponent,
        priority,
        granted_minor,
        granted_on,
        expires_on
    from {{ ref('int_credit_grants_known') }}

),

applications as (

    select
        customer_id,
        grant_id,
        amount_minor
    from {{ ref('stg_closed__credit_applications') }}

),

applied_sums as (

    select
        customer_id,
        grant_id,
        sum(amount_minor)::bigint as applied_minor
    from applications
    group by customer_id, grant_id

),

balanced as (

    select
        grants.customer_id,
        grants.grant_id,
        grants.label,
        grants.currency_code,
        grants.currency_exponent,
        grants.priority,
        grants.granted_minor,
        coalesce(applied_sums.applied_minor, 0) as applied_minor,
        grants.granted_minor - coalesce(applied_sums.applied_minor, 0) as remaining_minor,
        row_number() over (
            partition by grants.customer_id, grants.currency_code
            order by
                grants.priority,
                coalesce(grants.expires_on, date 'infinity'),
                grants.granted_on,
                grants.grant_id
        )::integer as position,
        grants.granted_on,
        grants.expires_on
    from grants
    left join applied_sums
        on
            grants.customer_id = applied_sums.customer_id
            and grants.grant_id = applied_sums.grant_id

)

select * from balanced
