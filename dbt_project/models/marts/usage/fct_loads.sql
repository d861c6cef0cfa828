-- grain: one row per load_id that has landed
with

loads as (

    select
        load_id,
        mapping_name,
        received_count,
        accepted_count,
        duplicate_count,
        quarantined_count,
        is_admitted,
        is_fully_applied,
        started_at,
        landed_at
    from {{ ref('int_loads_balanced') }}

)

select * from loads
