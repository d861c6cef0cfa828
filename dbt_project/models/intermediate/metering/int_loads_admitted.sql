-- grain: one row per load_id
{{
    config(
        materialized='load_applied',
        pending='pending_decided_loads',
        after_insert='settle_admitted_loads',
        row_counts='row_counts_by_load',
        primary_key=['load_id'],
        crash_stage='admission.balance_',
        full_refresh=false,
        meta={'distribution': 'reference'}
    )
}}
-- depends_on: {{ ref('int_events_admitted_0') }}
-- depends_on: {{ ref('int_events_admitted_1') }}

with

loads as (

    select
        load_id,
        received_count,
        event_count
    from {{ ref('stg_ops__loads') }}
    where load_id in {{ pending_loads() }}

),

-- counted by the lanes, in the transactions that filled the registry
accepted as (

    select
        load_id,
        sum(accepted_count)::bigint as accepted_count
    from (
        select
            load_id,
            row_count as accepted_count
        from {{ ref('stg_ops__applied_loads') }}
        where
            load_id in {{ pending_loads() }}
            and model_name in ('int_events_admitted_0', 'int_events_admitted_1')
        union all
        select
            load_id,
            1
        from {{ ref('stg_ops__event_revisions') }}
        where load_id in {{ pending_loads() }}
    ) as accepted_deliveries
    group by load_id

),

refused as (

    select
        load_id,
        count(*) filter (where fate = 'duplicate') as duplicate_count,
        count(*) filter (where fate = 'quarantined') as quarantined_count
    from {{ ref('stg_ops__event_fates') }}
    where load_id in {{ pending_loads() }}
    group by load_id

),

-- a crash can land a delivery twice: raw then holds more of the load than the load counted
landed as (

    select
        load_id,
        count(*) as landed_count
    from {{ ref('stg_usage__events') }}
    where load_id in {{ pending_loads() }}
    group by load_id

),

admitted as (

    select
        loads.load_id,
        loads.received_count,
        coalesce(accepted.accepted_count, 0) as accepted_count,
        coalesce(refused.duplicate_count, 0) as duplicate_count,
        coalesce(refused.quarantined_count, 0) as quarantined_count,
        coalesce(landed.landed_count, 0) > loads.event_count as is_landed_twice
    from loads
    left join landed on loads.load_id = landed.load_id
    left join accepted on loads.load_id = accepted.load_id
    left join refused on loads.load_id = refused.load_id

)

select * from admitted
