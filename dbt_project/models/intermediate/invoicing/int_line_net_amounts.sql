-- grain: one row per line_key that is no discount
with

-- what a discount takes off is taken off the lines that it falls on, so that its own line is not here
lines as (

    select
        line_key,
        invoice_key,
        customer_id,
        charge_key,
        price_id,
        tax_category,
        currency_code,
        currency_exponent,
        amount_minor + discount_minor as net_amount_minor,
        charge_month,
        period_start
    from {{ ref('int_invoice_lines_drafted') }}
    where coalesce(adjusted_line_type, line_type) <> 'discount'

),

prices as (

    select distinct on (price_id)
        price_id,
        tax_category
    from {{ ref('int_prices_known') }}
    order by price_id, catalog_version desc, valid_from desc

),

net_amounts as (

    select
        lines.line_key,
        lines.invoice_key,
        lines.customer_id,
        lines.charge_key,
        lines.price_id,
        coalesce(lines.tax_category, prices.tax_category, 'standard') as tax_category,
        lines.currency_code,
        lines.currency_exponent,
        lines.net_amount_minor,
        lines.charge_month,
        lines.period_start
    from lines
    left join prices on lines.price_id = prices.price_id

)

select * from net_amounts
