-- No grant pays more than was granted, closed and drafts together, none pays another customer or currency, and each
-- application is an amount above zero.
with

grants as (

    select
        grant_id,
        customer_id,
        currency_code,
        granted_minor,
        left_after_drafts_minor
    from {{ ref('rpt_credit_grants') }}

),

applications as (

    select
        grant_id,
        customer_id,
        currency_code,
        sum(amount_minor) as amount_minor,
        min(amount_minor) as least_minor
    from {{ ref('rpt_credit_applications') }}
    group by grant_id, customer_id, currency_code

)

select
    applications.grant_id,
    applications.customer_id
from applications
left join grants
    on
        applications.grant_id = grants.grant_id
        and applications.customer_id = grants.customer_id
        and applications.currency_code = grants.currency_code
where
    grants.grant_id is null
    or applications.amount_minor > grants.granted_minor
    or applications.amount_minor <> grants.granted_minor - grants.left_after_drafts_minor
    or applications.least_minor <= 0
