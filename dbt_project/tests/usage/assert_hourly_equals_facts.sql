-- The hourly aggregate holds every fact once for each meter of its type: counts and quantities, per load and type.
{{ config(tags=['whole_history']) }}

with

facts as (

    select
        load_id,
        event_type,
        count(*) as event_count,
        sum(quantity) as quantity_sum
    from {{ ref('fct_usage_events') }}
    group by load_id, event_type

),

meters as (

    select
        meter_id,
        event_type
    from {{ ref('int_meters_defined') }}

),

hourly as (

    select
        load_id,
        meter_id,
        sum(event_count) as event_count,
        sum(quantity_sum) as quantity_sum
    from {{ ref('agg_usage_hourly') }}
    group by load_id, meter_id

)

select
    facts.load_id,
    meters.meter_id,
    facts.event_count,
    hourly.event_count as hourly_event_count
from facts
inner join meters on facts.event_type = meters.event_type
left join hourly
    on
        facts.load_id = hourly.load_id
        and meters.meter_id = hourly.meter_id
where
    facts.event_count is distinct from hourly.event_count
    or facts.quantity_sum is distinct from hourly.quantity_sum
