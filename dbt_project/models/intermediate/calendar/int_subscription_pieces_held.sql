-- grain: one row per subscription_id, billing_interval, month_start and change_number that has a time
with

changes as (

    select
        subscription_id,
        billing_interval,
        month_start,
        change_number,
        customer_id,
        next_plan_id,
        next_quantity,
        starts_at,
        ends_at,
        written_at,
        changed_at
    from {{ ref('int_subscription_changes_timed') }}

),

-- what a change does not name stays as it was
held as (

    select
        subscription_id,
        billing_interval,
        month_start,
        change_number,
        customer_id,
        array_agg(next_plan_id) filter (where next_plan_id is not null) over changes_so_far as plan_ids,
        array_agg(next_quantity) filter (where next_quantity is not null) over changes_so_far as quantities,
        greatest(changed_at, starts_at) as piece_starts_at,
        least(
            lead(changed_at) over (
                partition by customer_id, subscription_id, billing_interval, month_start
                order by changed_at, written_at, change_number
            ),
            ends_at
        ) as piece_ends_at
    from changes
    window changes_so_far as (
        partition by customer_id, subscription_id, billing_interval, month_start
        order by changed_at, written_at, change_number
        rows between unbounded preceding and current row
    )

),

pieces as (

    select
        subscription_id,
        billing_interval,
        month_start,
        change_number,
        customer_id,
        plan_ids[cardinality(plan_ids)] as plan_id,
        quantities[cardinality(quantities)] as quantity,
        piece_starts_at,
        piece_ends_at
    from held
    where piece_starts_at < piece_ends_at

)

select * from pieces
