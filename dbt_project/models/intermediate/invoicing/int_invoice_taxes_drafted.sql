-- grain: one row per tax_key: customer_id, invoice_key, treatment and rate_percent
with

lines as (

    select
        customer_id,
        invoice_key,
        country_code,
        treatment,
        tax_exempt_reason,
        rounding_mode,
        tax_rounding,
        currency_code,
        currency_exponent,
        rate_percent,
        amount_minor,
        tax_exact,
        is_included,
        period_start
    from {{ ref('int_lines_taxed') }}

),

rounded_lines as (

    select
        lines.*,
        case
            when tax_rounding = 'per_line' then {{ to_minor_units('tax_exact', '0', 'rounding_mode') }}
            else 0
        end as line_tax_minor
    from lines

),

summed as (

    select
        customer_id,
        invoice_key,
        country_code,
        treatment,
        tax_exempt_reason,
        rounding_mode,
        tax_rounding,
        currency_code,
        currency_exponent,
        rate_percent,
        is_included,
        period_start,
        count(*)::integer as line_count,
        sum(amount_minor)::bigint as amount_minor,
        sum(line_tax_minor)::bigint as line_taxes_minor,
        case
            when is_included then (sum(amount_minor) * rate_percent)::numeric(58, 20) / (100 + rate_percent)
            else sum(amount_minor) * rate_percent / 100
        end as tax_exact
    from rounded_lines
    group by
        customer_id,
        invoice_key,
        country_code,
        treatment,
        tax_exempt_reason,
        rounding_mode,
        tax_rounding,
        currency_code,
        currency_exponent,
        rate_percent,
        is_included,
        period_start

),

rounded as (

    select
        summed.*,
        case tax_rounding
            when 'per_line' then line_taxes_minor
            when 'per_rate' then {{ to_minor_units('tax_exact', '0', 'rounding_mode') }}
        end as tax_minor
    from summed

),

taxes as (

    select
        {{ surrogate_key(['customer_id', 'invoice_key', 'treatment', 'rate_percent']) }} as tax_key,
        invoice_key,
        customer_id,
        country_code,
        treatment,
        tax_exempt_reason,
        currency_code,
        currency_exponent,
        rate_percent,
        line_count,
        case when is_included then amount_minor - tax_minor else amount_minor end as base_minor,
        tax_minor,
        is_included,
        period_start
    from rounded

)

select * from taxes
