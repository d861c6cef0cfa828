-- grain: one row per charge_key, period_start, line_type and currency_code that an open invoice has
with

computed_lines as (

    select
        charge_key,
        line_type,
        source_id,
        null::text as adjusted_line_type,
        billed_month as period_start,
        month_start as charge_month,
        subscription_id,
        price_version_id,
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
        service_end
    from {{ ref('int_invoice_lines_computed') }}
    where not is_closed

),

adjustments as (

    select
        charge_key,
        case when is_left_out then line_type else 'adjustment' end as line_type,
        source_id,
        case when is_left_out then null else line_type end as adjusted_line_type,
        period_start,
        month_start as charge_month,
        subscription_id,
        price_version_id,
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
        service_end
    from {{ ref('int_adjustments_by_policy') }}
    where late_usage_policy = 'next_invoice' and period_start is not null

),

lines as (

    select * from computed_lines
    union all
    select * from adjustments

),

legal_entities as (

    select
        legal_entity_id,
        zero_invoices
    from {{ ref('int_legal_entities_known') }}

),

parked as (

    select
        customer_id,
        month_start
    from {{ ref('int_customers_parked') }}

),

judged as (

    select
        lines.*,
        legal_entities.zero_invoices,
        bool_or(lines.amount_minor <> 0) over (
            partition by lines.customer_id, lines.period_start, lines.currency_code
        ) as has_amount
    from lines
    inner join legal_entities on lines.legal_entity_id = legal_entities.legal_entity_id
    left join parked
        on
            lines.customer_id = parked.customer_id
            and lines.period_start = parked.month_start
    where parked.customer_id is null

),

selected as (

    select
        charge_key,
        line_type,
        source_id,
        adjusted_line_type,
        period_start,
        charge_month,
        subscription_id,
        price_version_id,
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
        service_end
    from judged
    where has_amount or zero_invoices = 'issue'

)

select * from selected
