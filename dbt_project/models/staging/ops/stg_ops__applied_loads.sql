-- grain: one row per model_name and load_id
with

source_rows as (

    select
        model_name,
        load_id,
        row_count,
        applied_at
    from {{ source('ops', 'applied_loads') }}

)

select * from source_rows
