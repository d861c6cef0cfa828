-- The discounts of a billing month are allocated to its lines to the last minor unit, closed and draft; adjustments
-- count with the month that they correct. Months of which notes took off a part have that part in the notes.
with

noted_months as (

    select distinct
        customer_id,
        charge_month
    from {{ ref('fct_credit_note_lines') }}

)

select
    lines.customer_id,
    lines.charge_month,
    lines.currency_code
from {{ ref('rpt_invoice_lines') }} as lines
left join noted_months
    on
        lines.customer_id = noted_months.customer_id
        and lines.charge_month = noted_months.charge_month
where noted_months.customer_id is null
group by lines.customer_id, lines.charge_month, lines.currency_code
having
    sum(coalesce(lines.discount_minor, 0)) <> coalesce(
        sum(lines.amount_minor) filter (where coalesce(lines.adjusted_line_type, lines.line_type) = 'discount'), 0
    )
