-- grain: one row per line_key and tier_number on a draft invoice
with

tiers as (

    select
        line_key,
        invoice_key,
        tier_number,
        customer_id,
        currency_code,
        currency_exponent,
        up_to,
        quantity,
        unit_price_unrounded,
        flat_fee_unrounded,
        amount_unrounded,
        period_start
    from {{ ref('int_invoice_line_tiers_drafted') }}

)

select * from tiers
