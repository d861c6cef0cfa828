-- grain: one row per customer_id and month_start that is parked or was left out by a close
with

parked as (

    select
        customer_id,
        month_start,
        reason
    from {{ ref('int_customers_parked') }}

),

left_out as (

    select
        customer_id,
        month_start,
        reason,
        who,
        why,
        is_released,
        closed_at,
        released_at
    from {{ ref('int_customer_months_left_out') }}

),

customers as (

    select
        customer_id,
        legal_entity_id
    from {{ ref('int_customers_known') }}

),

both_kinds as (

    select
        coalesce(parked.customer_id, left_out.customer_id) as customer_id,
        coalesce(parked.month_start, left_out.month_start) as month_start,
        case
            when left_out.is_released then 'released'
            when left_out.customer_id is not null then 'held'
            else 'parked'
        end as state,
        parked.reason,
        left_out.reason as reason_at_close,
        left_out.who,
        left_out.why,
        left_out.closed_at,
        left_out.released_at
    from parked
    full outer join left_out
        on
            parked.customer_id = left_out.customer_id
            and parked.month_start = left_out.month_start

),

described as (

    select
        both_kinds.customer_id,
        both_kinds.month_start,
        customers.legal_entity_id,
        both_kinds.state,
        both_kinds.reason,
        both_kinds.reason_at_close,
        both_kinds.who,
        both_kinds.why,
        both_kinds.closed_at,
        both_kinds.released_at
    from both_kinds
    inner join customers on both_kinds.customer_id = customers.customer_id

)

select * from described
