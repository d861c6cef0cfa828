-- grain: one row per charge_key and currency_code whose closed amount is no longer right and that is not left alone
with

adjustments as (

    select
        charge_key,
        line_type,
        source_id,
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        label,
        plan_name,
        dimension_filter,
        tax_category,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        discount_minor,
        service_start,
        service_end,
        period_start
    from {{ ref('int_adjustments_computed') }}

),

legal_entities as (

    select
        legal_entity_id,
        late_usage_policy,
        zero_invoices
    from {{ ref('int_legal_entities_known') }}

),

left_out as (

    select
        customer_id,
        month_start
    from {{ ref('int_customer_months_left_out') }}
    where not is_released

),

-- what a close left out was never billed: it stays on the invoice of its own month, whatever the policy
by_policy as (

    select
        adjustments.charge_key,
        adjustments.line_type,
        adjustments.source_id,
        adjustments.subscription_id,
        adjustments.price_version_id,
        adjustments.month_start,
        adjustments.customer_id,
        adjustments.price_id,
        adjustments.meter_id,
        adjustments.legal_entity_id,
        adjustments.charge_model,
        adjustments.label,
        adjustments.plan_name,
        adjustments.dimension_filter,
        adjustments.tax_category,
        adjustments.currency_code,
        adjustments.currency_exponent,
        adjustments.quantity,
        adjustments.amount_unrounded,
        adjustments.amount_minor,
        adjustments.discount_minor,
        adjustments.service_start,
        adjustments.service_end,
        case
            when left_out.customer_id is null then adjustments.period_start
            else adjustments.month_start
        end as period_start,
        case
            when left_out.customer_id is null then legal_entities.late_usage_policy
            else 'next_invoice'
        end as late_usage_policy,
        left_out.customer_id is not null as is_left_out
    from adjustments
    inner join legal_entities on adjustments.legal_entity_id = legal_entities.legal_entity_id
    left join left_out
        on
            adjustments.customer_id = left_out.customer_id
            and adjustments.month_start = left_out.month_start
    -- what an invoice of zeros would have said is not made up for by lines of zero
    where legal_entities.zero_invoices = 'issue' or adjustments.amount_minor <> 0

)

select * from by_policy
