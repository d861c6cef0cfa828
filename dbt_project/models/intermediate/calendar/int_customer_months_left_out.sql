-- grain: one row per customer_id and month_start that a close left out
with

parked as (

    select
        customer_id,
        legal_entity_id,
        period_start,
        reason,
        who,
        why,
        closed_at
    from {{ ref('stg_ops__parked_customers') }}

),

releases as (

    select
        customer_id,
        legal_entity_id,
        period_start,
        invoice_count,
        line_count,
        released_at
    from {{ ref('stg_ops__releases') }}

),

left_out as (

    select
        parked.customer_id,
        parked.period_start as month_start,
        parked.legal_entity_id,
        parked.reason,
        parked.who,
        parked.why,
        releases.released_at is not null as is_released,
        coalesce(releases.invoice_count, 0) as invoice_count,
        coalesce(releases.line_count, 0) as line_count,
        parked.closed_at,
        releases.released_at
    from parked
    left join releases
        on
            parked.customer_id = releases.customer_id
            and parked.legal_entity_id = releases.legal_entity_id
            and parked.period_start = releases.period_start

)

select * from left_out
