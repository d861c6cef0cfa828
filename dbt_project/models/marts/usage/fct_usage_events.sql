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
    where load_id in {{ pending_loads() }}

),

accepted as (

    select
        customer_id,
        event_id,
        load_id,
        delivery_id
    from {{ ref('stg_ops__event_registry') }}
    where load_id in {{ pending_loads() }}

),

accepted_deliveries as (

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
    inner join accepted
        on
            deliveries.customer_id = accepted.customer_id
            and deliveries.event_id = accepted.event_id
            and deliveries.load_id = accepted.load_id
            and deliveries.delivery_id = accepted.delivery_id

)

select * from accepted_deliveries
