-- grain: one row
with

loads as (

    select
        load_id,
        accepted_count,
        is_fully_applied,
        landed_at
    from {{ ref('fct_loads') }}

),

newest_events as (

    select newest_event_at
    from {{ ref('fct_newest_event') }}

),

closes as (

    select
        max(period_start) as last_closed_period_start,
        count(*) as close_count
    from {{ ref('fct_closes') }}

),

replacements as (

    select max(replaced_at) as replaced_at
    from {{ ref('fct_replaced_models') }}

),

decisions as (

    select resolution_id
    from {{ ref('fct_newest_decision') }}

),

load_totals as (

    select
        max(landed_at) filter (where is_fully_applied) as data_as_of,
        count(*) as landed_load_count,
        count(*) filter (where not is_fully_applied) as pending_load_count,
        max(load_id) as newest_load_id,
        coalesce(sum(accepted_count), 0)::bigint as event_count
    from loads

),

freshness as (

    select
        concat_ws(
            '-',
            load_totals.landed_load_count,
            load_totals.pending_load_count,
            coalesce(load_totals.newest_load_id, 0),
            closes.close_count,
            decisions.resolution_id,
            coalesce((extract(epoch from replacements.replaced_at) * 1000000)::bigint, 0)
        ) as data_version,
        load_totals.landed_load_count,
        load_totals.pending_load_count,
        load_totals.event_count,
        closes.last_closed_period_start,
        load_totals.data_as_of,
        newest_events.newest_event_at
    from load_totals
    cross join closes
    cross join newest_events
    cross join replacements
    cross join decisions

)

select * from freshness
