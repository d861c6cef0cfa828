-- grain: one row per customer_id and event_id
{{
    config(
        materialized='load_applied',
        pending='pending_admitted_loads',
        partition_by='occurred_at',
        partition_months='months_of_accepted_events',
        after_insert='assert_facts_are_accepted',
        row_counts='row_counts_of_admitted',
        brin='load_id, occurred_at timestamptz_minmax_multi_ops',
        crash_stage='facts.',
        withdraw='withdraw_facts',
        withdraw_after=['int_loads_admitted'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}
-- depends_on: {{ ref('int_loads_admitted') }}

with

landed_twice as (

    {{ loads_landed_twice() }}

),

accepted as (

    {{ accepted_events() }}

),

facts as (

    select
        customer_id,
        event_id,
        event_type,
        occurred_at,
        quantity,
        properties,
        load_id,
        delivery_id
    from accepted

)

select * from facts
