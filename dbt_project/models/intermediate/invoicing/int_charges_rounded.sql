-- grain: one row per customer_id, subscription_id, price_version_id and month_start that is charged
with

legal_entities as (

    select
        catalog_version,
        legal_entity_id
    from {{ ref('stg_catalog__legal_entities') }}
    where rounding_scope = 'line'

),

in_advance as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        billed_month
    from {{ ref('int_charges_in_advance') }}

),

rounded_by_invoice as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        amount_minor
    from {{ ref('int_charges_rounded_by_invoice') }}

),

-- read twice from its table: a CTE that is read twice would be written down whole
rounded as (

    select
        charges.customer_id,
        charges.subscription_id,
        charges.price_version_id,
        charges.month_start,
        charges.price_id,
        charges.plan_id,
        charges.meter_id,
        charges.legal_entity_id,
        charges.catalog_version,
        charges.charge_model,
        charges.label,
        charges.dimension_filter,
        charges.currency_code,
        charges.rounding_mode,
        charges.currency_exponent,
        charges.quantity,
        charges.amount_unrounded,
        {{ to_minor_units('charges.amount_exact', 'charges.currency_exponent', 'charges.rounding_mode') }}
            as amount_minor,
        charges.service_start,
        charges.service_end,
        coalesce(in_advance.billed_month, charges.month_start) as billed_month
    from {{ ref('int_charges_rated') }} as charges
    inner join legal_entities
        on
            charges.catalog_version = legal_entities.catalog_version
            and charges.legal_entity_id = legal_entities.legal_entity_id
    left join in_advance
        on
            charges.customer_id = in_advance.customer_id
            and charges.subscription_id = in_advance.subscription_id
            and charges.price_version_id = in_advance.price_version_id
            and charges.month_start = in_advance.month_start
    union all
    select
        charges.customer_id,
        charges.subscription_id,
        charges.price_version_id,
        charges.month_start,
        charges.price_id,
        charges.plan_id,
        charges.meter_id,
        charges.legal_entity_id,
        charges.catalog_version,
        charges.charge_model,
        charges.label,
        charges.dimension_filter,
        charges.currency_code,
        charges.rounding_mode,
        charges.currency_exponent,
        charges.quantity,
        charges.amount_unrounded,
        rounded_by_invoice.amount_minor,
        charges.service_start,
        charges.service_end,
        coalesce(in_advance.billed_month, charges.month_start) as billed_month
    from {{ ref('int_charges_rated') }} as charges
    inner join rounded_by_invoice
        on
            charges.customer_id = rounded_by_invoice.customer_id
            and charges.subscription_id = rounded_by_invoice.subscription_id
            and charges.price_version_id = rounded_by_invoice.price_version_id
            and charges.month_start = rounded_by_invoice.month_start
    left join in_advance
        on
            charges.customer_id = in_advance.customer_id
            and charges.subscription_id = in_advance.subscription_id
            and charges.price_version_id = in_advance.price_version_id
            and charges.month_start = in_advance.month_start

)

select * from rounded
