-- grain: one row per customer_id and month_start
with

billing_months as (

    select
        legal_entity_id,
        month_start,
        month_end,
        days_in_month,
        catalog_version,
        is_closed,
        is_ahead,
        reached_until
    from {{ ref('int_billing_months') }}

),

customers as (

    select
        catalog_version,
        customer_id,
        customer_name,
        legal_entity_id,
        country_code,
        currency_code,
        billing_time_zone
    from {{ ref('stg_catalog__customers') }}

),

known_customers as (

    select
        customer_id,
        customer_name,
        legal_entity_id,
        country_code,
        currency_code,
        billing_time_zone
    from {{ ref('int_customers_known') }}

),

legal_entities as (

    select
        catalog_version,
        legal_entity_id,
        legal_entity_name,
        payment_terms_days,
        rounding_mode,
        proration,
        plan_change_policy
    from {{ ref('stg_catalog__legal_entities') }}

),

frozen_entities as (

    select legal_entity_id
    from {{ ref('int_legal_entities_known') }}
    where back_dated_change_policy = 'frozen'

),

-- a closed month has the customers of its own catalog version, an open one those that were ever known
customers_of_months as (

    select
        billing_months.*,
        customers.customer_id,
        customers.customer_name,
        customers.country_code,
        customers.currency_code,
        case
            when frozen_entities.legal_entity_id is null then known_customers.billing_time_zone
            else customers.billing_time_zone
        end as billing_time_zone,
        frozen_entities.legal_entity_id is not null
        or (known_customers.legal_entity_id, known_customers.currency_code)
        <> (customers.legal_entity_id, customers.currency_code) as is_frozen
    from billing_months
    inner join customers
        on
            billing_months.catalog_version = customers.catalog_version
            and billing_months.legal_entity_id = customers.legal_entity_id
    inner join known_customers on customers.customer_id = known_customers.customer_id
    left join frozen_entities on billing_months.legal_entity_id = frozen_entities.legal_entity_id
    where billing_months.is_closed
    union all
    select
        billing_months.*,
        known_customers.customer_id,
        known_customers.customer_name,
        known_customers.country_code,
        known_customers.currency_code,
        known_customers.billing_time_zone,
        false as is_frozen
    from billing_months
    inner join known_customers on billing_months.legal_entity_id = known_customers.legal_entity_id
    where not billing_months.is_closed

),

preferred as (

    select distinct on (customers_of_months.customer_id, customers_of_months.month_start)
        customers_of_months.customer_id,
        customers_of_months.month_start,
        customers_of_months.month_end,
        customers_of_months.days_in_month,
        customers_of_months.legal_entity_id,
        customers_of_months.catalog_version,
        customers_of_months.is_closed,
        customers_of_months.is_ahead,
        customers_of_months.is_frozen,
        customers_of_months.customer_name,
        customers_of_months.country_code,
        customers_of_months.currency_code,
        customers_of_months.billing_time_zone,
        currencies.currency_exponent,
        legal_entities.legal_entity_name,
        legal_entities.payment_terms_days,
        legal_entities.rounding_mode,
        legal_entities.proration,
        legal_entities.plan_change_policy,
        customers_of_months.reached_until
    from customers_of_months
    inner join legal_entities
        on
            customers_of_months.catalog_version = legal_entities.catalog_version
            and customers_of_months.legal_entity_id = legal_entities.legal_entity_id
    inner join {{ ref('currencies') }} as currencies
        on customers_of_months.currency_code = currencies.currency_code
    order by
        customers_of_months.customer_id,
        customers_of_months.month_start,
        customers_of_months.is_closed desc

)

select * from preferred
