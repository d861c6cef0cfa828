-- grain: one row per load_id and file_number
with

source_rows as (

    select
        load_id,
        file_number,
        file_name,
        file_sha256,
        mapping_name,
        received_count,
        event_count,
        rejected_count
    from {{ source('ops', 'files') }}

)

select * from source_rows
