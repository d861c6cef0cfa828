-- grain: one row per application_key: customer_id, invoice_key and grant_id
with recursive

grants as (

    select
        customer_id,
        grant_id,
        label,
        currency_code,
        currency_exponent,
        remaining_minor,
        position,
        granted_on,
        coalesce(expires_on, date 'infinity') as expires_on
    from {{ ref('int_credit_grants_balanced') }}

),

-- a customer's grants side by side, in the order in which they are used
purses as (

    select
        customer_id,
        currency_code,
        array_agg(remaining_minor order by position) as balances,
        array_agg(granted_on order by position) as granted_days,
        array_agg(expires_on order by position) as expiry_days
    from grants
    group by customer_id, currency_code
    having sum(remaining_minor) > 0

),

-- the drafts that credits can pay, each customer's in order of months
payables as materialized (

    select
        totals.customer_id,
        totals.currency_code,
        totals.invoice_key,
        totals.payable_minor,
        totals.period_start,
        (totals.period_start + interval '1 month' - interval '1 day')::date as application_date,
        row_number() over (
            partition by totals.customer_id, totals.currency_code order by totals.period_start
        ) as step
    from {{ ref('int_invoices_totalled') }} as totals
    inner join purses
        on
            totals.customer_id = purses.customer_id
            and totals.currency_code = purses.currency_code
    where totals.payable_minor > 0

),

-- one step is one draft of each customer: what it takes of each grant, and what is left for the next one
steps as (

    select
        customer_id,
        currency_code,
        0::bigint as step,
        null::text as invoice_key,
        null::date as period_start,
        balances,
        null::bigint[] as taken
    from purses
    union all
    select
        steps.customer_id,
        steps.currency_code,
        payables.step,
        payables.invoice_key,
        payables.period_start,
        uses.balances,
        uses.taken
    from steps
    inner join payables
        on
            steps.customer_id = payables.customer_id
            and steps.currency_code = payables.currency_code
            and payables.step = steps.step + 1
    inner join purses
        on
            steps.customer_id = purses.customer_id
            and steps.currency_code = purses.currency_code
    cross join lateral (
        select
            array_agg(taken_of_grants.balance - taken_of_grants.taken order by taken_of_grants.position) as balances,
            array_agg(taken_of_grants.taken order by taken_of_grants.position) as taken
        from (
            select
                usable_grants.position,
                usable_grants.balance,
                least(
                    usable_grants.usable,
                    greatest(
                        payables.payable_minor
                        - (sum(usable_grants.usable) over (order by usable_grants.position) - usable_grants.usable),
                        0
                    )
                )::bigint as taken
            from (
                select
                    purse.position,
                    purse.balance,
                    case
                        when
                            purse.granted_on <= payables.application_date
                            and purse.expires_on > payables.application_date
                            then greatest(purse.balance, 0)
                        else 0
                    end as usable
                from unnest(steps.balances, purses.granted_days, purses.expiry_days)
                with ordinality as purse (balance, granted_on, expires_on, position)
            ) as usable_grants
        ) as taken_of_grants
    ) as uses

),

applications as (

    select
        {{ surrogate_key(['steps.customer_id', 'steps.invoice_key', 'grants.grant_id']) }} as application_key,
        steps.invoice_key,
        grants.grant_id,
        steps.customer_id,
        grants.label,
        grants.currency_code,
        grants.currency_exponent,
        grants.position,
        steps.taken[grants.position] as amount_minor,
        steps.period_start
    from steps
    inner join grants
        on
            steps.customer_id = grants.customer_id
            and steps.currency_code = grants.currency_code
    where steps.step > 0 and steps.taken[grants.position] > 0

)

select * from applications
