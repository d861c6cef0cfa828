-- grain: one row per line_key and tier_number
with

lines as (

    select
        line_key,
        invoice_key,
        subscription_id,
        price_version_id,
        customer_id,
        currency_code,
        currency_exponent,
        charge_month,
        period_start
    from {{ ref('int_invoice_lines_drafted') }}
    where line_type = 'charge'

),

tiers as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        tier_number,
        up_to,
        quantity,
        unit_price_unrounded,
        flat_fee_unrounded,
        amount_unrounded
    from {{ ref('int_charge_tiers_rated') }}

),

line_tiers as (

    select
        lines.line_key,
        lines.invoice_key,
        tiers.tier_number,
        lines.customer_id,
        lines.currency_code,
        lines.currency_exponent,
        tiers.up_to,
        tiers.quantity::numeric(38, 9) as quantity,
        tiers.unit_price_unrounded,
        tiers.flat_fee_unrounded,
        tiers.amount_unrounded,
        lines.period_start
    from lines
    inner join tiers
        on
            lines.customer_id = tiers.customer_id
            and lines.subscription_id = tiers.subscription_id
            and lines.price_version_id = tiers.price_version_id
            and lines.charge_month = tiers.month_start

)

select * from line_tiers
