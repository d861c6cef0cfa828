-- grain: one row per subscription_id, price_version_id and month_start that is charged
with

charges as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        price_id,
        plan_id,
        meter_id,
        legal_entity_id,
        catalog_version,
        charge_model,
        label,
        dimension_filter,
        currency_code,
        rounding_mode,
        currency_exponent,
        quantity,
        amount_exact,
        amount_unrounded,
        service_start,
        service_end
    from {{ ref('int_charges_rated') }}

),

plans as (

    select
        catalog_version,
        plan_id,
        plan_name
    from {{ ref('stg_catalog__plans') }}

),

billing_months as (

    select
        legal_entity_id,
        month_start,
        is_closed
    from {{ ref('int_billing_months') }}

),

rounded as (

    select
        charges.subscription_id,
        charges.price_version_id,
        charges.month_start,
        charges.customer_id,
        charges.price_id,
        charges.meter_id,
        charges.legal_entity_id,
        charges.charge_model,
        charges.label,
        plans.plan_name,
        charges.dimension_filter,
        charges.currency_code,
        charges.currency_exponent,
        charges.quantity,
        charges.amount_unrounded,
        {{ to_minor_units('charges.amount_exact', 'charges.currency_exponent', 'charges.rounding_mode') }}
            as amount_minor,
        coalesce(billing_months.is_closed, false) as is_closed,
        charges.service_start,
        charges.service_end,
        coalesce(in_advance.billed_month, charges.month_start) as billed_month
    from charges
    inner join plans
        on
            charges.catalog_version = plans.catalog_version
            and charges.plan_id = plans.plan_id
    left join {{ ref('int_charges_in_advance') }} as in_advance
        on
            charges.customer_id = in_advance.customer_id
            and charges.subscription_id = in_advance.subscription_id
            and charges.price_version_id = in_advance.price_version_id
            and charges.month_start = in_advance.month_start
    left join billing_months
        on
            charges.legal_entity_id = billing_months.legal_entity_id
            and coalesce(in_advance.billed_month, charges.month_start) = billing_months.month_start

)

select * from rounded
