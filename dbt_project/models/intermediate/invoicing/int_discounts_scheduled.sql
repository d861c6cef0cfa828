-- grain: one row per customer_id, discount_id and month_start in which the discount holds
{{ config(materialized='replaced', primary_key=['customer_id', 'discount_id', 'month_start']) }}

-- depends_on: {{ ref('int_charges_rated') }} (it follows the round that says whose rows are made again)
with

discounts as (

    select
        customer_id,
        discount_id,
        subscription_id,
        plan_id,
        price_id,
        label,
        percent,
        amount_unrounded,
        maximum_amount_unrounded,
        currency_code,
        periods,
        date_trunc('month', starts_on::timestamp)::date as first_month,
        catalog_version
    from {{ ref('stg_catalog__discounts') }}

),

newest as (

    select
        discount_id,
        catalog_version
    from {{ ref('int_discounts_known') }}

),

customer_months as (

    select
        customer_id,
        month_start,
        month_end,
        legal_entity_id,
        catalog_version,
        is_frozen,
        currency_code,
        currency_exponent,
        rounding_mode
    from {{ ref('int_customer_months') }}
    where not is_ahead

),

scheduled as (

    select
        discounts.customer_id,
        discounts.discount_id,
        customer_months.month_start,
        customer_months.month_end,
        customer_months.legal_entity_id,
        customer_months.catalog_version,
        discounts.subscription_id,
        discounts.plan_id,
        discounts.price_id,
        discounts.label,
        customer_months.currency_code,
        customer_months.currency_exponent,
        customer_months.rounding_mode,
        discounts.percent,
        {{ to_minor_units(
            'discounts.amount_unrounded', 'customer_months.currency_exponent', 'customer_months.rounding_mode'
        ) }} as discount_amount_minor,
        {{ to_minor_units(
            'discounts.maximum_amount_unrounded', 'customer_months.currency_exponent', 'customer_months.rounding_mode'
        ) }} as maximum_amount_minor,
        row_number() over (
            partition by discounts.customer_id, customer_months.month_start
            order by
                discounts.price_id is null,
                discounts.plan_id is null,
                discounts.percent is null,
                discounts.discount_id
        )::integer as position
    from discounts
    inner join newest on discounts.discount_id = newest.discount_id
    inner join customer_months
        on
            discounts.customer_id = customer_months.customer_id
            -- as the newest version has it, if that is not one from before the close; a frozen month as then
            and newest.catalog_version >= customer_months.catalog_version
            and discounts.catalog_version = case
                when customer_months.is_frozen then customer_months.catalog_version
                else newest.catalog_version
            end
            and discounts.first_month <= customer_months.month_start
            and coalesce(discounts.currency_code, customer_months.currency_code) = customer_months.currency_code
            and (
                discounts.periods is null
                or discounts.first_month + make_interval(months => discounts.periods) > customer_months.month_start
            )

)

select * from scheduled
