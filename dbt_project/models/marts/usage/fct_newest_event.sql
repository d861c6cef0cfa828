-- grain: one row
with

usage_months as (

    select max(usage_month) as newest_month
    from {{ ref('agg_usage_monthly') }}

),

-- the newest month only: the others hold nothing newer
newest_event as (

    select max(events.occurred_at) as newest_event_at
    from {{ ref('fct_usage_events') }} as events
    where
        events.occurred_at >= (
            select usage_months.newest_month::timestamp at time zone 'UTC'
            from usage_months
        )

)

select * from newest_event
