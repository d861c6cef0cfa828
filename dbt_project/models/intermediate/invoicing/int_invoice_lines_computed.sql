-- grain: one row per charge_key: every line of every month, closed or open, as it comes to now
with

allocations as (

    select
        customer_id,
        line_type,
        source_id,
        subscription_key,
        price_version_key,
        charge_month,
        -sum(discount_minor)::bigint as discount_minor
    from {{ ref('int_discounts_allocated') }}
    group by customer_id, line_type, source_id, subscription_key, price_version_key, charge_month

),

billing_months as (

    select
        legal_entity_id,
        month_start,
        is_closed
    from {{ ref('int_billing_months') }}

),

lines as (

    select
        lines.line_type,
        lines.source_id,
        lines.customer_id,
        lines.subscription_id,
        lines.price_version_id,
        lines.month_start,
        lines.price_id,
        lines.plan_id,
        lines.meter_id,
        lines.legal_entity_id,
        lines.catalog_version,
        lines.charge_model,
        lines.label,
        lines.dimension_filter,
        lines.tax_category,
        lines.currency_code,
        lines.currency_exponent,
        lines.quantity,
        lines.amount_unrounded,
        lines.amount_minor,
        coalesce(allocations.discount_minor, 0) as discount_minor,
        lines.service_start,
        lines.service_end,
        lines.billed_month
    from {{ ref('int_lines_gathered') }} as lines
    left join allocations
        on
            lines.customer_id = allocations.customer_id
            and lines.month_start = allocations.charge_month
            and lines.line_type = allocations.line_type
            and lines.source_id = allocations.source_id
            and coalesce(lines.subscription_id, '') = allocations.subscription_key
            and coalesce(lines.price_version_id, '') = allocations.price_version_key
    union all
    select
        'discount' as line_type,
        discount_id as source_id,
        customer_id,
        subscription_id,
        null as price_version_id,
        month_start,
        price_id,
        plan_id,
        null as meter_id,
        legal_entity_id,
        catalog_version,
        null as charge_model,
        label,
        '{}' as dimension_filter,
        null as tax_category,
        currency_code,
        currency_exponent,
        0::numeric(38, 9) as quantity,
        amount_unrounded,
        amount_minor,
        0 as discount_minor,
        service_start,
        service_end,
        month_start as billed_month
    from {{ ref('int_discounts_summed') }}

),

keyed_lines as (

    select
        {{ surrogate_key([
            'lines.customer_id',
            'lines.line_type',
            'lines.source_id',
            'lines.subscription_id',
            'lines.price_version_id',
            'lines.month_start'
        ]) }} as charge_key,
        lines.line_type,
        lines.source_id,
        lines.customer_id,
        lines.subscription_id,
        lines.price_version_id,
        lines.month_start,
        lines.price_id,
        lines.meter_id,
        lines.legal_entity_id,
        lines.charge_model,
        lines.label,
        plans.plan_name,
        lines.dimension_filter,
        lines.tax_category,
        lines.currency_code,
        lines.currency_exponent,
        lines.quantity,
        lines.amount_unrounded,
        lines.amount_minor,
        lines.discount_minor,
        coalesce(billing_months.is_closed, false) as is_closed,
        lines.service_start,
        lines.service_end,
        lines.billed_month
    from lines
    left join {{ ref('stg_catalog__plans') }} as plans
        on
            lines.catalog_version = plans.catalog_version
            and lines.plan_id = plans.plan_id
    left join billing_months
        on
            lines.legal_entity_id = billing_months.legal_entity_id
            and lines.billed_month = billing_months.month_start

)

select * from keyed_lines
