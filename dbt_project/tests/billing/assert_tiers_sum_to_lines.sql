-- Every charge line has tiers, and they add up to it, closed and draft, to the last digit.
with

lines as (

    select
        line_key,
        amount_unrounded
    from {{ ref('rpt_invoice_lines') }}
    where line_type = 'charge'

),

tiers as (

    select
        line_key,
        sum(amount_unrounded) as amount_unrounded
    from {{ ref('rpt_invoice_line_tiers') }}
    group by line_key

)

select
    lines.line_key,
    lines.amount_unrounded,
    tiers.amount_unrounded as tiers_amount_unrounded
from lines
full outer join tiers on lines.line_key = tiers.line_key
where
    lines.line_key is null
    or tiers.line_key is null
    or lines.amount_unrounded <> tiers.amount_unrounded
