-- grain: one row per load_id, fate and reason
with

loads as (

    select
        load_id,
        mapping_name,
        accepted_count,
        landed_at
    from {{ ref('fct_loads') }}
    where is_admitted

),

refused_deliveries as (

    select
        load_id,
        fate,
        reason
    from {{ ref('fct_event_fates') }}

),

refused_totals as (

    select
        load_id,
        fate,
        reason,
        count(*) as delivery_count
    from refused_deliveries
    group by load_id, fate, reason

),

fates as (

    select
        load_id,
        mapping_name,
        'accepted' as fate,
        'accepted' as reason,
        accepted_count as delivery_count,
        landed_at
    from loads
    where accepted_count > 0
    union all
    select
        loads.load_id,
        loads.mapping_name,
        refused_totals.fate,
        refused_totals.reason,
        refused_totals.delivery_count,
        loads.landed_at
    from refused_totals
    inner join loads on refused_totals.load_id = loads.load_id

)

select * from fates
