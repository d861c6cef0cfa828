-- Every accepted delivery is one fact, load by load: the registry of event identities holds the key of the fact.
{{ config(tags=['whole_history']) }}

with

facts as (

    select
        load_id,
        count(*) as event_count
    from {{ ref('fct_usage_events') }}
    group by load_id

),

accepted as (

    select
        load_id,
        count(*) as event_count
    from {{ source('ops', 'event_registry') }}
    group by load_id

)

select
    facts.load_id as fact_load_id,
    accepted.load_id as accepted_load_id,
    facts.event_count as fact_count,
    accepted.event_count as accepted_count
from facts
full outer join accepted on facts.load_id = accepted.load_id
where facts.event_count is distinct from accepted.event_count
