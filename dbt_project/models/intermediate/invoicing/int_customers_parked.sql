-- grain: one row per customer_id and month_start whose invoice waits for something to be mended
with

rating_problems as (

    select
        customer_id,
        month_start,
        'price ' || price_version_id || ' of subscription ' || subscription_id || ': ' || rating_problem as reason
    from {{ ref('int_charges_rated') }}
    where rating_problem is not null

),

newest_version as (

    select max(catalog_version) as catalog_version
    from {{ ref('stg_catalog__versions') }}
    where state = 'landed'

),

plans as (

    select
        catalog_version,
        plan_id
    from {{ ref('stg_catalog__plans') }}

),

unplanned as (

    select
        subscriptions.customer_id,
        subscriptions.starts_on,
        coalesce(subscriptions.ends_on, date 'infinity') as ends_on,
        'subscription ' || subscriptions.subscription_id || ' is to plan ' || subscriptions.plan_id
        || ', which the catalog does not have' as reason
    from {{ ref('stg_catalog__subscriptions') }} as subscriptions
    inner join newest_version on subscriptions.catalog_version = newest_version.catalog_version
    left join plans
        on
            subscriptions.catalog_version = plans.catalog_version
            and subscriptions.plan_id = plans.plan_id
    where plans.plan_id is null

),

left_out as (

    select
        customer_id,
        month_start
    from {{ ref('int_customer_months_left_out') }}
    where not is_released

),

customer_months as (

    select
        months.customer_id,
        months.month_start,
        months.month_end,
        not months.is_closed or left_out.customer_id is not null as is_open
    from {{ ref('int_customer_months') }} as months
    left join left_out
        on
            months.customer_id = left_out.customer_id
            and months.month_start = left_out.month_start

),

problems as (

    select * from rating_problems
    union all
    select
        unplanned.customer_id,
        customer_months.month_start,
        unplanned.reason
    from unplanned
    inner join customer_months
        on
            unplanned.customer_id = customer_months.customer_id
            and customer_months.month_end > unplanned.starts_on
            and customer_months.month_start < unplanned.ends_on
    where customer_months.is_open

),

-- a problem of a closed month stands against the open one that would take the difference
placed as (

    select
        problems.customer_id,
        problems.reason,
        (
            select min(customer_months.month_start)
            from customer_months
            where
                customer_months.customer_id = problems.customer_id
                and customer_months.month_start >= problems.month_start
                and customer_months.is_open
        ) as month_start
    from problems

),

parked as (

    select
        customer_id,
        month_start,
        string_agg(distinct reason, '; ' order by reason) as reason
    from placed
    where month_start is not null
    group by customer_id, month_start

)

select * from parked
