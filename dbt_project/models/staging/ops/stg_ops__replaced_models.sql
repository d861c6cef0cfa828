-- grain: one row per model_name
with

source_rows as (

    select
        model_name,
        input_state,
        replaced_at
    from {{ source('ops', 'replaced_models') }}

)

select * from source_rows
