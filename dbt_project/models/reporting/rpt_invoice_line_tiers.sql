-- grain: one row per line_key and tier_number
with

closed_tiers as (

    select
        line_key,
        invoice_key,
        tier_number,
        currency_code,
        currency_exponent,
        up_to,
        quantity,
        unit_price_unrounded,
        flat_fee_unrounded,
        amount_unrounded
    from {{ ref('fct_invoice_line_tiers') }}

),

draft_tiers as (

    select
        line_key,
        invoice_key,
        tier_number,
        currency_code,
        currency_exponent,
        up_to,
        quantity,
        unit_price_unrounded,
        flat_fee_unrounded,
        amount_unrounded
    from {{ ref('fct_draft_invoice_line_tiers') }}

),

tiers as (

    select * from closed_tiers
    union all
    select * from draft_tiers

)

select * from tiers
