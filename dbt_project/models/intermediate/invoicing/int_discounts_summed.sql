-- grain: one row per customer_id, discount_id and month_start that took something off
with

allocated as (

    select
        customer_id,
        discount_id,
        month_start,
        sum(discount_minor) as discount_minor,
        max(discount_exact) as discount_exact
    from {{ ref('int_discounts_allocated') }}
    group by customer_id, discount_id, month_start

),

scheduled as (

    select
        customer_id,
        discount_id,
        month_start,
        month_end,
        legal_entity_id,
        catalog_version,
        subscription_id,
        plan_id,
        price_id,
        label,
        currency_code,
        currency_exponent
    from {{ ref('int_discounts_scheduled') }}

),

lines as (

    select
        allocated.customer_id,
        allocated.discount_id,
        allocated.month_start,
        scheduled.subscription_id,
        scheduled.plan_id,
        scheduled.price_id,
        scheduled.legal_entity_id,
        scheduled.catalog_version,
        scheduled.label,
        scheduled.currency_code,
        scheduled.currency_exponent,
        (-allocated.discount_exact * power(10::numeric, -scheduled.currency_exponent))::numeric(38, 12)
            as amount_unrounded,
        -allocated.discount_minor::bigint as amount_minor,
        scheduled.month_start as service_start,
        scheduled.month_end as service_end
    from allocated
    inner join scheduled
        on
            allocated.customer_id = scheduled.customer_id
            and allocated.discount_id = scheduled.discount_id
            and allocated.month_start = scheduled.month_start

)

select * from lines
where amount_minor <> 0
