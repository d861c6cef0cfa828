-- grain: one row per load_id, file_number, customer_id, event_type and counted_on
with

loads as (

    select
        load_id,
        source,
        landed_at
    from {{ ref('stg_ops__loads') }}
    where state = 'landed'

),

files as (

    select
        load_id,
        file_number,
        file_name
    from {{ ref('stg_ops__files') }}

),

applied as (

    select load_id
    from {{ ref('stg_ops__applied_loads') }}
    where model_name = 'fct_usage_events'

),

fated as (

    select
        load_id,
        file_number,
        customer_id,
        event_type,
        usage_date,
        fate,
        reason,
        state,
        is_withdrawn
    from {{ ref('int_deliveries_fated') }}

),

counted as (

    select
        load_id,
        file_number,
        customer_id,
        event_type,
        usage_date,
        count(*) as received_count,
        count(*) filter (where fate is null) as not_refused_count,
        count(*) filter (where fate = 'duplicate') as duplicate_count,
        count(*) filter (where state = 'open') as open_count,
        count(*) filter (where state = 'replayed') as replayed_count,
        count(*) filter (where state = 'discarded') as discarded_count,
        count(*) filter (where reason = 'conflicting_duplicate') as conflicting_count,
        count(*) filter (where is_withdrawn) as withdrawn_count
    from fated
    group by load_id, file_number, customer_id, event_type, usage_date

),

described as (

    select
        counted.load_id,
        counted.file_number,
        counted.customer_id,
        counted.event_type,
        loads.source,
        files.file_name,
        counted.usage_date,
        counted.received_count,
        counted.duplicate_count,
        counted.open_count,
        counted.replayed_count,
        counted.discarded_count,
        counted.conflicting_count,
        counted.withdrawn_count,
        coalesce(counted.usage_date, (loads.landed_at at time zone 'UTC')::date) as counted_on,
        case when applied.load_id is null then 0 else counted.not_refused_count end as accepted_count,
        case when applied.load_id is null then counted.not_refused_count else 0 end as waiting_count
    from counted
    inner join loads on counted.load_id = loads.load_id
    left join files
        on
            counted.load_id = files.load_id
            and counted.file_number = files.file_number
    left join applied on counted.load_id = applied.load_id

)

select * from described
