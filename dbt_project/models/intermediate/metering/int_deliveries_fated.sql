-- grain: one row per landed delivery; a crash can land a delivery twice
with

fates as (

    select
        load_id,
        delivery_id,
        fate,
        reason
    from {{ ref('stg_ops__event_fates') }}

),

decisions as (

    select
        load_id,
        delivery_id,
        state
    from {{ ref('int_quarantine_resolved') }}

),

retractions as (

    select
        load_id,
        delivery_id
    from {{ ref('stg_ops__event_retractions') }}

),

deliveries as (

    select
        load_id,
        delivery_id,
        file_number,
        customer_id,
        event_type,
        (occurred_at at time zone 'UTC')::date as usage_date
    from {{ ref('stg_usage__events') }}

    union all

    select
        load_id,
        delivery_id,
        file_number,
        '' as customer_id,
        '' as event_type,
        null as usage_date
    from {{ ref('stg_usage__rejected') }}

),

fated as (

    select
        deliveries.load_id,
        deliveries.delivery_id,
        deliveries.file_number,
        deliveries.customer_id,
        deliveries.event_type,
        deliveries.usage_date,
        fates.fate,
        fates.reason,
        case when fates.fate = 'quarantined' then coalesce(decisions.state, 'open') end as state,
        retractions.load_id is not null as is_withdrawn
    from deliveries
    left join fates
        on
            deliveries.load_id = fates.load_id
            and deliveries.delivery_id = fates.delivery_id
    left join decisions
        on
            fates.load_id = decisions.load_id
            and fates.delivery_id = decisions.delivery_id
    left join retractions
        on
            deliveries.load_id = retractions.load_id
            and deliveries.delivery_id = retractions.delivery_id

)

select * from fated
