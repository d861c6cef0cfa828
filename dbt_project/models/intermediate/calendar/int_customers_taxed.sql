-- grain: one row per customer_id that is exempt, or whose legal entity declares tax rates
with

known_customers as (

    select
        customer_id,
        legal_entity_id,
        country_code,
        catalog_version
    from {{ ref('int_customers_known') }}

),

customers as (

    select
        catalog_version,
        customer_id,
        vat_id,
        tax_exempt_reason
    from {{ ref('stg_catalog__customers') }}

),

known_entities as (

    select
        legal_entity_id,
        country_code,
        rounding_mode,
        catalog_version
    from {{ ref('int_legal_entities_known') }}

),

legal_entities as (

    select
        catalog_version,
        legal_entity_id,
        tax_rounding,
        prices_include_tax
    from {{ ref('stg_catalog__legal_entities') }}

),

tax_rates as (

    select
        catalog_version,
        legal_entity_id
    from {{ ref('stg_catalog__tax_rates') }}

),

entities as (

    select
        known_entities.legal_entity_id,
        known_entities.country_code,
        known_entities.rounding_mode,
        legal_entities.tax_rounding,
        legal_entities.prices_include_tax,
        exists (
            select 1
            from tax_rates
            where
                tax_rates.catalog_version = known_entities.catalog_version
                and tax_rates.legal_entity_id = known_entities.legal_entity_id
        ) as has_tax_rates
    from known_entities
    inner join legal_entities
        on
            known_entities.catalog_version = legal_entities.catalog_version
            and known_entities.legal_entity_id = legal_entities.legal_entity_id

),

taxed as (

    select
        known_customers.customer_id,
        known_customers.legal_entity_id,
        known_customers.country_code,
        customers.vat_id,
        customers.tax_exempt_reason,
        entities.rounding_mode,
        entities.tax_rounding,
        entities.prices_include_tax,
        customers.vat_id is not null and known_customers.country_code <> entities.country_code
            as is_reverse_chargeable
    from known_customers
    inner join customers
        on
            known_customers.catalog_version = customers.catalog_version
            and known_customers.customer_id = customers.customer_id
    inner join entities on known_customers.legal_entity_id = entities.legal_entity_id
    where entities.has_tax_rates or customers.tax_exempt_reason is not null

)

select * from taxed
