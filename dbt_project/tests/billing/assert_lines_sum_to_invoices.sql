-- The lines of an invoice add up to its subtotal and its adjustments to their part, closed and draft, in minor units.
with

lines as (

    select
        invoice_key,
        currency_code,
        count(*) as line_count,
        sum(amount_minor) as subtotal_minor,
        coalesce(sum(amount_minor) filter (where line_type = 'adjustment'), 0) as adjustment_minor
    from {{ ref('rpt_invoice_lines') }}
    group by invoice_key, currency_code

),

invoices as (

    select
        invoice_key,
        currency_code,
        line_count,
        subtotal_minor,
        adjustment_minor
    from {{ ref('rpt_invoice_register') }}

)

select
    invoices.invoice_key,
    lines.invoice_key as lines_invoice_key
from invoices
full outer join lines
    on
        invoices.invoice_key = lines.invoice_key
        and invoices.currency_code = lines.currency_code
where
    invoices.line_count is distinct from lines.line_count
    or invoices.subtotal_minor is distinct from lines.subtotal_minor
    or invoices.adjustment_minor is distinct from lines.adjustment_minor
