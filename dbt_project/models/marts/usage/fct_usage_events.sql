-- grain: one row per customer_id and event_id
{{
    config(
        materialized='load_applied',
        pending='pending_landed_loads',
        partition_by='occurred_at',
        partition_months='months_of_pending_deliveries',
        before_insert='admit_deliveries',
        after_insert='assert_one_fate_each',
        row_counts='row_counts_by_load',
        brin='load_id',
        crash_stage='admission.',
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

with

deliveries as (

    select
        load_id,
        delivery_id,
        customer_id,
        event_id,
        event_type,
        occurred_at,
        quantity,
        properties
    from {{ ref('int_usage_events_judged') }}
    where load_id in {{ pending_loads() }} and quarantine_reason is null

),

-- written by admit_deliveries earlier in this transaction, after the registry decided: few rows to take out
refused as (

    select
        customer_id,
        load_id,
        delivery_id
    from {{ ref('stg_ops__event_fates') }}
    where load_id in {{ pending_loads() }}

),

loads as (

    select
        load_id,
        event_count
    from {{ ref('stg_ops__loads') }}
    where load_id in {{ pending_loads() }}

),

delivery_counts as (

    select
        load_id,
        count(*) as delivery_count
    from {{ ref('int_usage_events_judged') }}
    where load_id in {{ pending_loads() }}
    group by load_id

),

-- a crash can land a delivery twice: raw then holds more of the load than the load counted
landed_twice as (

    select delivery_counts.load_id
    from delivery_counts
    inner join loads on delivery_counts.load_id = loads.load_id
    where delivery_counts.delivery_count > loads.event_count

),

accepted as not materialized (

    select
        deliveries.customer_id,
        deliveries.event_id,
        deliveries.event_type,
        deliveries.occurred_at,
        deliveries.quantity,
        deliveries.properties,
        deliveries.load_id,
        deliveries.delivery_id
    from deliveries
    where
        not exists (
            select 1 from refused
            where
                refused.customer_id = deliveries.customer_id
                and refused.load_id = deliveries.load_id
                and refused.delivery_id = deliveries.delivery_id
        )

),

counted_once as (

    select accepted.*
    from accepted
    where
        not exists (
            select 1 from landed_twice
            where landed_twice.load_id = accepted.load_id
        )
    union all
    (
        select distinct on (accepted.load_id, accepted.delivery_id) accepted.*
        from accepted
        where
            -- decided once for the statement, so that the branch costs nothing when there is nothing to sort
            (select count(*) from landed_twice) > 0
            and exists (
                select 1 from landed_twice
                where landed_twice.load_id = accepted.load_id
            )
        order by accepted.load_id, accepted.delivery_id
    )

)

select * from counted_once
