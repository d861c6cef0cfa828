-- The tiers of a tiered charge add up to its line, closed and draft, to the last digit; a line that entered no
-- tier (usage below zero, where zero usage is not charged) is zero.
with

lines as (

    select
        line_key,
        amount_unrounded
    from {{ ref('rpt_invoice_lines') }}
    where charge_model in ('graduated', 'volume', 'stairstep', 'graduated_percentage') and line_type = 'charge'

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
    or lines.amount_unrounded <> coalesce(tiers.amount_unrounded, 0)
