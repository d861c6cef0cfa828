-- grain: one row per landed line that is no event
with

source_rows as (

    select
        load_id,
        delivery_id,
        file_number,
        line_number,
        reason,
        detail,
        raw_text
    from {{ source('raw_usage', 'rejected') }}

)

select * from source_rows
