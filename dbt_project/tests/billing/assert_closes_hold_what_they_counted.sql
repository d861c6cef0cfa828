-- A closed month still has the invoices and lines that its close counted: nothing came after, nothing went.
with

invoices as (

    select
        legal_entity_id,
        period_start,
        count(*) as invoice_count,
        sum(line_count) as line_count
    from {{ ref('fct_invoices') }}
    group by legal_entity_id, period_start

),

closes as (

    select
        legal_entity_id,
        period_start,
        invoice_count,
        line_count
    from {{ ref('fct_closes') }}

)

select
    closes.legal_entity_id,
    closes.period_start,
    invoices.period_start as invoiced_period_start
from closes
full outer join invoices
    on
        closes.legal_entity_id = invoices.legal_entity_id
        and closes.period_start = invoices.period_start
where
    coalesce(closes.invoice_count, -1) <> coalesce(invoices.invoice_count, 0)
    or coalesce(closes.line_count, -1) <> coalesce(invoices.line_count, 0)
