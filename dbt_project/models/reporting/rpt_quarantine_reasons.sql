-- grain: one row per reason
with

states as (

    select
        reason,
        state,
        customer_id,
        landed_at
    from {{ ref('fct_quarantine_states') }}

),

reasons as (

    select
        reason,
        count(*) as delivery_count,
        count(*) filter (where state = 'open') as open_count,
        count(*) filter (where state = 'replayed') as replayed_count,
        count(*) filter (where state = 'discarded') as discarded_count,
        count(distinct customer_id) as customer_count,
        min(landed_at) filter (where state = 'open') as oldest_open_at,
        max(landed_at) as newest_at
    from states
    group by reason

)

select * from reasons
