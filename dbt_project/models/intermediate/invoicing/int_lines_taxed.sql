-- grain: one row per line_key of a customer that is taxed or exempt
with

lines as (

    select
        line_key,
        invoice_key,
        customer_id,
        tax_category,
        currency_code,
        currency_exponent,
        net_amount_minor as amount_minor,
        period_start,
        charge_month as tax_month
    from {{ ref('int_line_net_amounts') }}

),

customers as (

    select
        customer_id,
        legal_entity_id,
        country_code,
        tax_exempt_reason,
        rounding_mode,
        tax_rounding,
        prices_include_tax,
        is_reverse_chargeable
    from {{ ref('int_customers_taxed') }}

),

rates as (

    select
        legal_entity_id,
        country_code,
        is_reverse_chargeable,
        tax_category,
        month_start,
        treatment,
        rate_percent
    from {{ ref('int_tax_rates_applied') }}

),

categorised as (

    select
        lines.line_key,
        lines.invoice_key,
        lines.customer_id,
        lines.currency_code,
        lines.currency_exponent,
        lines.amount_minor,
        lines.period_start,
        lines.tax_month,
        lines.tax_category,
        customers.legal_entity_id,
        customers.country_code,
        customers.tax_exempt_reason,
        customers.rounding_mode,
        customers.tax_rounding,
        customers.prices_include_tax,
        customers.is_reverse_chargeable
    from lines
    inner join customers on lines.customer_id = customers.customer_id

),

rated as (

    select
        categorised.line_key,
        categorised.invoice_key,
        categorised.customer_id,
        categorised.country_code,
        categorised.tax_category,
        case
            when categorised.tax_exempt_reason is not null then 'exempt'
            else coalesce(rates.treatment, 'none')
        end as treatment,
        categorised.tax_exempt_reason,
        categorised.rounding_mode,
        categorised.tax_rounding,
        categorised.currency_code,
        categorised.currency_exponent,
        case
            when categorised.tax_exempt_reason is not null then 0
            else coalesce(rates.rate_percent, 0)
        end::numeric(38, 12) as rate_percent,
        categorised.amount_minor,
        categorised.prices_include_tax as is_included,
        categorised.period_start
    from categorised
    left join rates
        on
            categorised.legal_entity_id = rates.legal_entity_id
            and categorised.country_code = rates.country_code
            and categorised.is_reverse_chargeable = rates.is_reverse_chargeable
            and categorised.tax_category = rates.tax_category
            -- an adjustment: the month that it corrects; a fee in advance: that of its invoice
            and least(categorised.tax_month, categorised.period_start) = rates.month_start

),

-- in minor units; a tax inside the price is its part of 100 % plus the rate
taxed as (

    select
        rated.*,
        case
            when is_included then (amount_minor * rate_percent)::numeric(58, 20) / (100 + rate_percent)
            else amount_minor * rate_percent / 100
        end as tax_exact
    from rated

)

select * from taxed
