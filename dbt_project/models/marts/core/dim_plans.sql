-- grain: one row per plan_id
with

plans as (

    select
        plan_id,
        plan_name,
        currency_code,
        catalog_version
    from {{ ref('int_plans_known') }}

)

select * from plans
