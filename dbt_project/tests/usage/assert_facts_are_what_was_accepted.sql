-- Every accepted delivery that was not withdrawn is one fact, load by load.
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
        nullif(sum(event_count), 0)::bigint as event_count
    from (
        select load_id, 1 as event_count from {{ source('ops', 'event_registry') }}
        union all
        select load_id, 1 as event_count from {{ source('ops', 'event_revisions') }}
        union all
        select load_id, -1 as event_count from {{ source('ops', 'event_retractions') }}
    ) as decided
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
