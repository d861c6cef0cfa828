-- grain: one row per one_off_id
with

one_off_lines as (

    select
        customer_id,
        one_off_id,
        charged_on,
        label,
        amount_unrounded,
        currency_code,
        tax_category,
        catalog_version
    from {{ ref('stg_catalog__one_off_lines') }}

),

newest as (

    select
        one_off_id,
        catalog_version
    from {{ ref('int_one_off_lines_known') }}

),

customer_months as (

    select
        customer_id,
        month_start,
        legal_entity_id,
        catalog_version,
        is_frozen,
        rounding_mode
    from {{ ref('int_customer_months') }}
    where not is_ahead

),

currencies as (

    select
        currency_code,
        currency_exponent
    from {{ ref('currencies') }}

),

dated as (

    select
        one_off_lines.customer_id,
        one_off_lines.one_off_id,
        customer_months.month_start,
        customer_months.legal_entity_id,
        customer_months.catalog_version,
        one_off_lines.label,
        one_off_lines.currency_code,
        currencies.currency_exponent,
        {{ to_minor_units(
            'one_off_lines.amount_unrounded', 'currencies.currency_exponent', 'customer_months.rounding_mode'
        ) }} as amount_minor,
        one_off_lines.tax_category,
        one_off_lines.charged_on as service_start,
        one_off_lines.charged_on + 1 as service_end
    from one_off_lines
    inner join newest on one_off_lines.one_off_id = newest.one_off_id
    inner join customer_months
        on
            one_off_lines.customer_id = customer_months.customer_id
            -- as the newest version has it, if that is not one from before the close; a frozen month as then
            and newest.catalog_version >= customer_months.catalog_version
            and one_off_lines.catalog_version = case
                when customer_months.is_frozen then customer_months.catalog_version
                else newest.catalog_version
            end
            and date_trunc('month', one_off_lines.charged_on::timestamp)::date = customer_months.month_start
    inner join currencies on one_off_lines.currency_code = currencies.currency_code

)

select * from dated
