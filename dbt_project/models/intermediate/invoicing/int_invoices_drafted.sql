-- grain: one row per customer_id, period_start and currency_code (open months with at least one line)
with

lines as (

    select
        invoice_key,
        line_type,
        customer_id,
        currency_code,
        currency_exponent,
        amount_minor,
        period_start
    from {{ ref('int_invoice_lines_drafted') }}

),

customer_months as (

    select
        customer_id,
        month_start,
        month_end,
        legal_entity_id,
        legal_entity_name,
        customer_name,
        country_code,
        payment_terms_days,
        catalog_version
    from {{ ref('int_customer_months') }}

),

totals as (

    select
        invoice_key,
        customer_id,
        period_start,
        currency_code,
        currency_exponent,
        count(*)::integer as line_count,
        sum(amount_minor)::bigint as total_minor,
        coalesce(sum(amount_minor) filter (where line_type = 'adjustment'), 0)::bigint as adjustment_minor
    from lines
    group by invoice_key, customer_id, period_start, currency_code, currency_exponent

),

invoices as (

    select
        totals.invoice_key,
        customer_months.legal_entity_id,
        customer_months.legal_entity_name,
        totals.customer_id,
        customer_months.customer_name,
        customer_months.country_code,
        totals.currency_code,
        totals.currency_exponent,
        customer_months.payment_terms_days,
        customer_months.catalog_version,
        totals.line_count,
        totals.total_minor,
        totals.adjustment_minor,
        totals.period_start,
        customer_months.month_end as period_end
    from totals
    inner join customer_months
        on
            totals.customer_id = customer_months.customer_id
            and totals.period_start = customer_months.month_start

)

select * from invoices
