-- grain: one row per catalog_version and plan_id
with

source_rows as (

    select
        catalog_version,
        plan_id,
        plan_name,
        currency_code,
        billing_interval,
        minimum_commitment_unrounded
    from {{ source('raw_catalog', 'plans') }}

)

select * from source_rows
