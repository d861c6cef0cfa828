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

taxes as (

    select
        customer_id,
        invoice_key,
        tax_minor,
        is_included
    from {{ ref('int_invoice_taxes_drafted') }}

),

line_sums as (

    select
        customer_id,
        period_start,
        invoice_key,
        currency_code,
        currency_exponent,
        count(*)::integer as line_count,
        sum(amount_minor)::bigint as subtotal_minor,
        coalesce(sum(amount_minor) filter (where line_type = 'adjustment'), 0)::bigint as adjustment_minor
    from lines
    group by customer_id, period_start, invoice_key, currency_code, currency_exponent

),

tax_sums as (

    select
        customer_id,
        invoice_key,
        coalesce(sum(tax_minor) filter (where not is_included), 0)::bigint as tax_minor,
        coalesce(sum(tax_minor) filter (where is_included), 0)::bigint as included_tax_minor
    from taxes
    group by customer_id, invoice_key

),

totals as (

    select
        line_sums.customer_id,
        line_sums.period_start,
        line_sums.invoice_key,
        line_sums.currency_code,
        line_sums.currency_exponent,
        line_sums.line_count,
        line_sums.subtotal_minor,
        line_sums.adjustment_minor,
        coalesce(tax_sums.tax_minor, 0) as tax_minor,
        coalesce(tax_sums.included_tax_minor, 0) as included_tax_minor,
        line_sums.subtotal_minor + coalesce(tax_sums.tax_minor, 0) as payable_minor
    from line_sums
    left join tax_sums
        on
            line_sums.customer_id = tax_sums.customer_id
            and line_sums.invoice_key = tax_sums.invoice_key

)

select * from totals
