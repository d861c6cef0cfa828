-- grain: one row per customer_id, period_start and currency_code (open months with at least one line)
with

totals as (

    select
        customer_id,
        period_start,
        invoice_key,
        currency_code,
        currency_exponent,
        line_count,
        subtotal_minor,
        adjustment_minor,
        tax_minor,
        included_tax_minor,
        payable_minor
    from {{ ref('int_invoices_totalled') }}

),

credits as (

    select
        customer_id,
        invoice_key,
        sum(amount_minor)::bigint as credit_minor
    from {{ ref('int_credit_applications_drafted') }}
    group by customer_id, invoice_key

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
        totals.subtotal_minor,
        totals.tax_minor,
        totals.included_tax_minor,
        coalesce(credits.credit_minor, 0) as credit_minor,
        totals.payable_minor - coalesce(credits.credit_minor, 0) as total_minor,
        totals.adjustment_minor,
        totals.period_start,
        customer_months.month_end as period_end
    from totals
    inner join customer_months
        on
            totals.customer_id = customer_months.customer_id
            and totals.period_start = customer_months.month_start
    left join credits
        on
            totals.customer_id = credits.customer_id
            and totals.invoice_key = credits.invoice_key

)

select * from invoices
