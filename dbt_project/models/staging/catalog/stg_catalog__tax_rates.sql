-- grain: one row per tax_rate_key
with

source_rows as (

    select
        {{ surrogate_key([
            'catalog_version',
            'legal_entity_id',
            'country_code',
            'tax_category',
            "treatment = 'reverse_charge'",
            'valid_from'
        ]) }} as tax_rate_key,
        catalog_version,
        legal_entity_id,
        country_code,
        tax_category,
        treatment,
        rate_percent,
        valid_from,
        valid_to
    from {{ source('raw_catalog', 'tax_rates') }}

)

select * from source_rows
