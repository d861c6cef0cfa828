-- grain: one row per load_id
with

source_rows as (

    select
        load_id,
        state,
        source,
        mapping_name,
        received_count,
        event_count,
        rejected_count,
        started_at,
        landed_at
    from {{ source('ops', 'loads') }}

)

select * from source_rows
