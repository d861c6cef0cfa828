-- grain: one row
with

decisions as (

    select resolution_id
    from {{ ref('stg_ops__quarantine_resolutions') }}

),

newest_decision as (

    select coalesce(max(resolution_id), 0) as resolution_id
    from decisions

)

select * from newest_decision
