-- grain: one row per model_name
with

replaced_models as (

    select
        model_name,
        input_state,
        replaced_at
    from {{ ref('stg_ops__replaced_models') }}

)

select * from replaced_models
