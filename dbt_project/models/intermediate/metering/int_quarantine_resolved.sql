-- grain: one row per load_id and delivery_id that something was decided about
with

decisions as (

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
    from {{ ref('stg_ops__quarantine_resolutions') }}

),

resolved as (

    select distinct on (load_id, delivery_id)
        load_id,
        delivery_id,
        case action
            when 'replay' then 'replayed'
            when 'discard' then 'discarded'
            when 'restore' then 'open'
        end as state,
        who,
        why,
        decided_at,
        replay_load_id,
        replay_delivery_id,
        edited_text
    from decisions
    order by load_id, delivery_id, resolution_id desc

)

select * from resolved
