-- grain: one row per resolution_id
with

source_rows as (

    select
        resolution_id,
        load_id,
        delivery_id,
        action,
        who,
        why,
        decided_at,
        replay_load_id,
        replay_delivery_id,
        edited_text
    from {{ source('ops', 'quarantine_resolutions') }}

)

select * from source_rows
