-- grain: one row per legal_entity_id, country_code, is_reverse_chargeable, tax_category and month_start with a rate
with

legal_entities as (

    select
        legal_entity_id,
        catalog_version
    from {{ ref('int_legal_entities_known') }}

),

tax_rates as (

    select
        catalog_version,
        legal_entity_id,
        country_code,
        tax_category,
        treatment,
        rate_percent,
        valid_from,
        coalesce(valid_to, date 'infinity') as valid_to
    from {{ ref('stg_catalog__tax_rates') }}

),

months as (

    select
        legal_entity_id,
        month_start,
        month_end - 1 as tax_date
    from {{ ref('int_billing_months') }}

),

categories as (

    select
        category_names.tax_category,
        customer_kinds.is_reverse_chargeable
    from (values ('standard'), ('reduced')) as category_names (tax_category)
    cross join (values (false), (true)) as customer_kinds (is_reverse_chargeable)

),

-- reverse charge goes first where the customer can be charged so, then the category's own entry, then the
-- standard one
applied as (

    select distinct on (
        tax_rates.legal_entity_id,
        tax_rates.country_code,
        categories.is_reverse_chargeable,
        categories.tax_category,
        months.month_start
    )
        tax_rates.legal_entity_id,
        tax_rates.country_code,
        categories.is_reverse_chargeable,
        categories.tax_category,
        months.month_start,
        tax_rates.treatment,
        tax_rates.rate_percent
    from tax_rates
    inner join legal_entities
        on
            tax_rates.catalog_version = legal_entities.catalog_version
            and tax_rates.legal_entity_id = legal_entities.legal_entity_id
    inner join months
        on
            tax_rates.legal_entity_id = months.legal_entity_id
            and months.tax_date >= tax_rates.valid_from
            and months.tax_date < tax_rates.valid_to
    inner join categories
        on
            tax_rates.tax_category in (categories.tax_category, 'standard')
            and (categories.is_reverse_chargeable or tax_rates.treatment <> 'reverse_charge')
    order by
        tax_rates.legal_entity_id,
        tax_rates.country_code,
        categories.is_reverse_chargeable,
        categories.tax_category,
        months.month_start,
        (tax_rates.treatment = 'reverse_charge') desc,
        (tax_rates.tax_category = categories.tax_category) desc

)

select * from applied
