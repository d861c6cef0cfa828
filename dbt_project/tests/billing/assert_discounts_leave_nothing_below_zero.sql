-- What is left of the charges of a billing month after discounts has the sign that it had before: no discount makes
-- it negative, or takes off more than there is.
with

months as (

    select
        customer_id,
        month_start,
        currency_code,
        sum(amount_minor) filter (where line_type not in ('discount', 'one_off')) as charged_minor,
        coalesce(sum(amount_minor) filter (where line_type = 'discount'), 0) as discount_minor
    from {{ ref('int_invoice_lines_computed') }}
    group by customer_id, month_start, currency_code

)

select
    customer_id,
    month_start,
    currency_code
from months
where
    discount_minor > 0
    or (discount_minor < 0 and charged_minor + discount_minor < 0)
