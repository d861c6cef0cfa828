-- grain: one row per load_id that has landed
with

loads as (

    select
        load_id,
        mapping_name,
        received_count,
        started_at,
        landed_at
    from {{ ref('stg_ops__loads') }}
    where state = 'landed'

),

applied_loads as (

    select
        load_id,
        sum(row_count) filter (where model_name = 'fct_usage_events') as accepted_count,
        count(*) filter (where starts_with(model_name, 'agg_usage_daily/')) as daily_meter_count,
        count(*) filter (where starts_with(model_name, 'agg_usage_monthly/')) as monthly_meter_count,
        count(*) filter (
            where split_part(model_name, '/', 1) in (
                'agg_usage_latest_daily',
                'agg_usage_values_daily',
                'agg_usage_quantities_daily',
                'agg_usage_levels_daily'
            )
        ) as valued_meter_count,
        count(*) filter (where model_name like '%.retractions') as withdrawn_model_count
    from {{ ref('stg_ops__applied_loads') }}
    group by load_id

),

meters as (

    select
        count(*) as meter_count,
        count(*) filter (where aggregation not in ('count', 'sum', 'max')) as valued_meter_count
    from {{ ref('int_meters_defined') }}

),

fates as (

    select
        load_id,
        count(*) filter (where fate = 'duplicate') as duplicate_count,
        count(*) filter (where fate = 'quarantined') as quarantined_count
    from {{ ref('stg_ops__event_fates') }}
    group by load_id

),

-- each of facts, three periods and four tables of values lets go of what a load withdraws
withdrawals as (

    select distinct decided_load_id
    from {{ ref('stg_ops__event_retractions') }}

),

balanced as (

    select
        loads.load_id,
        loads.mapping_name,
        loads.received_count,
        applied_loads.accepted_count::bigint as accepted_count,
        coalesce(fates.duplicate_count, 0) as duplicate_count,
        coalesce(fates.quarantined_count, 0) as quarantined_count,
        applied_loads.accepted_count is not null as is_admitted,
        applied_loads.accepted_count is not null
        and applied_loads.daily_meter_count >= meters.meter_count
        and applied_loads.monthly_meter_count >= meters.meter_count
        and applied_loads.valued_meter_count >= meters.valued_meter_count
        and (withdrawals.decided_load_id is null or applied_loads.withdrawn_model_count = 8) as is_fully_applied,
        loads.started_at,
        loads.landed_at
    from loads
    cross join meters
    left join applied_loads on loads.load_id = applied_loads.load_id
    left join fates on loads.load_id = fates.load_id
    left join withdrawals on loads.load_id = withdrawals.decided_load_id

)

select * from balanced
