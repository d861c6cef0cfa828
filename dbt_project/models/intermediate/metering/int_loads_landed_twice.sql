-- grain: one row per load_id of which raw holds more deliveries than the load counted
with

deliveries as (

    select load_id from {{ ref('stg_usage__events') }}

),

loads as (

    select
        load_id,
        event_count
    from {{ ref('stg_ops__loads') }}

),

delivery_counts as (

    select
        load_id,
        count(*) as delivery_count
    from deliveries
    group by load_id

),

landed_twice as (

    select delivery_counts.load_id
    from delivery_counts
    inner join loads on delivery_counts.load_id = loads.load_id
    where delivery_counts.delivery_count > loads.event_count

)

select * from landed_twice
