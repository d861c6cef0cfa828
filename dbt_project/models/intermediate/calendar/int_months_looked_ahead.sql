-- grain: one row per legal_entity_id that has subscriptions
with

newest_version as (

    select max(catalog_version) as catalog_version
    from {{ ref('stg_catalog__versions') }}
    where state = 'landed'

),

plan_lengths as (

    select
        catalog_version,
        plan_id,
        max({{ months_of_interval('billing_interval') }}) as months_of_period,
        bool_or(is_billed_in_advance) as has_fee_in_advance
    from {{ ref('stg_catalog__prices') }}
    group by catalog_version, plan_id

),

subscriptions as (

    select
        catalog_version,
        customer_id,
        plan_id,
        billing_anchor_day
    from {{ ref('stg_catalog__subscriptions') }}
    union all
    select
        catalog_version,
        customer_id,
        jsonb_path_query(changes, '$[*].plan_id') #>> '{}' as plan_id,
        billing_anchor_day
    from {{ ref('stg_catalog__subscriptions') }}
    where changes is not null

),

customers as (

    select
        catalog_version,
        customer_id,
        legal_entity_id,
        billing_time_zone
    from {{ ref('stg_catalog__customers') }}

),

-- a period that has begun ends so many months later, at most
months_ahead as (

    select
        customers.legal_entity_id,
        max(
            plan_lengths.months_of_period - 1
            + (
                plan_lengths.has_fee_in_advance
                or subscriptions.billing_anchor_day > 1
                or customers.billing_time_zone <> 'UTC'
            )::integer
        ) as months_ahead
    from newest_version
    inner join subscriptions on newest_version.catalog_version = subscriptions.catalog_version
    inner join customers
        on
            subscriptions.customer_id = customers.customer_id
            and subscriptions.catalog_version = customers.catalog_version
    inner join plan_lengths
        on
            subscriptions.plan_id = plan_lengths.plan_id
            and subscriptions.catalog_version = plan_lengths.catalog_version
    group by customers.legal_entity_id

)

select * from months_ahead
