-- grain: one row per line_key of a customer that is taxed or exempt
with

lines as (

    select
        line_key,
        invoice_key,
        customer_id,
        treatment,
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

taxes as (

    select
        tax_key,
        invoice_key,
        customer_id,
        treatment,
        rate_percent,
        tax_minor
    from {{ ref('int_invoice_taxes_drafted') }}

),

-- the whole minor units at or below each line's tax; what is missing to the tax of the rate is given to the lines
-- with the largest remainders
parted as (

    select
        lines.*,
        taxes.tax_key,
        taxes.tax_minor as rate_tax_minor,
        div(lines.tax_exact, 1) - (case when lines.tax_exact < div(lines.tax_exact, 1) then 1 else 0 end) as whole_minor
    from lines
    inner join taxes
        on
            lines.customer_id = taxes.customer_id
            and lines.invoice_key = taxes.invoice_key
            and lines.treatment = taxes.treatment
            and lines.rate_percent = taxes.rate_percent

),

ranked as (

    select
        parted.*,
        rate_tax_minor - sum(whole_minor) over (partition by customer_id, tax_key) as residual_minor,
        row_number() over (
            partition by customer_id, tax_key order by tax_exact - whole_minor desc, line_key
        ) as remainder_rank
    from parted

),

allocated as (

    select
        line_key,
        tax_key,
        invoice_key,
        customer_id,
        treatment,
        currency_code,
        currency_exponent,
        rate_percent,
        amount_minor,
        case tax_rounding
            when 'per_line' then {{ to_minor_units('tax_exact', '0', 'rounding_mode') }}
            when 'per_rate' then (whole_minor + (case when remainder_rank <= residual_minor then 1 else 0 end))::bigint
        end as tax_minor,
        is_included,
        period_start
    from ranked

)

select * from allocated
