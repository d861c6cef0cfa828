-- A closed month still has the invoices and lines that its close counted: nothing went, and
-- nothing came after but what was released.
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

releases as (

    select
        legal_entity_id,
        month_start,
        sum(invoice_count) as invoice_count,
        sum(line_count) as line_count
    from {{ ref('int_customer_months_left_out') }}
    group by legal_entity_id, month_start

),

closes as (

    select
        closes.legal_entity_id,
        closes.period_start,
        closes.invoice_count + coalesce(releases.invoice_count, 0) as invoice_count,
        closes.line_count + coalesce(releases.line_count, 0) as line_count
    from {{ ref('fct_closes') }} as closes
    left join releases
        on
            closes.legal_entity_id = releases.legal_entity_id
            and closes.period_start = releases.month_start

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
