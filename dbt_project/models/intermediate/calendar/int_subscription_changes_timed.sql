-- grain: one row per subscription_id, billing_interval, month_start and change_number
with

subscription_months as (

    select
        subscription_id,
        billing_interval,
        month_start,
        customer_id,
        plan_id,
        quantity,
        changes,
        billing_time_zone,
        plan_change_policy,
        billing_anchor_day,
        first_day,
        first_month,
        starts_at,
        ends_at
    from {{ ref('int_subscription_months') }}
    where changes is not null

),

plans as (

    select
        plan_id,
        {{ months_of_interval('billing_interval') }} as months_of_period
    from {{ ref('int_plans_known') }}

),

-- number 0 is what the subscription begins with
written as (

    select
        subscription_months.*,
        elements.change_number,
        elements.change ->> 'plan_id' as next_plan_id,
        (elements.change ->> 'quantity')::numeric(38, 9) as next_quantity,
        coalesce(
            (elements.change ->> 'at')::timestamptz,
            {{ local_midnight("(elements.change ->> 'on')::date", 'subscription_months.billing_time_zone') }}
        ) as written_at
    from subscription_months
    cross join lateral jsonb_array_elements(subscription_months.changes)
        with ordinality as elements (change, change_number)
    union all
    select
        subscription_months.*,
        0 as change_number,
        plan_id as next_plan_id,
        quantity as next_quantity,
        timestamptz '-infinity' as written_at
    from subscription_months

),

-- the plan that holds before each change
ordered as (

    select
        written.*,
        (
            array_agg(next_plan_id) filter (where next_plan_id is not null) over (
                partition by customer_id, subscription_id, billing_interval, month_start
                order by written_at, change_number
                rows between unbounded preceding and 1 preceding
            )
        ) as plans_before
    from written

),

-- months of the period that a change of plan has to see the end of; none for one that does not wait
waiting as (

    select
        ordered.*,
        plans.months_of_period,
        date_trunc('month', written_at at time zone billing_time_zone)::date as written_month
    from ordered
    left join plans
        on
            ordered.plans_before[cardinality(ordered.plans_before)] = plans.plan_id
            and ordered.plan_change_policy = 'next_period'
            and ordered.next_plan_id <> plans.plan_id

),

-- the first month of which the billing day is not before the change
due as (

    select
        waiting.*,
        case
            when months_of_period is null then null
            when
                {{ local_midnight(anchored_day('written_month', 'billing_anchor_day'), 'billing_time_zone') }}
                >= written_at
                then written_month
            else (written_month + interval '1 month')::date
        end as due_month
    from waiting

),

timed as (

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
        case
            when months_of_period is null then written_at
            else {{ local_midnight(anchored_day(
                '(due_month + make_interval(months => (months_of_period - (' ~ months_since_year_zero('due_month')
                ~ ' - ' ~ months_since_year_zero('first_month') ~ ' + ('
                ~ anchored_day('first_month', 'billing_anchor_day')
                ~ ' > first_day)::integer) % months_of_period) % months_of_period))::date',
                'billing_anchor_day'
            ), 'billing_time_zone') }}
        end as changed_at
    from due

)

select * from timed
