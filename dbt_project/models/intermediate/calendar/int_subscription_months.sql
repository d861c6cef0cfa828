-- grain: one row per subscription_id, billing_interval and month_start
with

customer_months as (

    select
        customer_id,
        month_start,
        legal_entity_id,
        catalog_version,
        is_frozen,
        currency_code,
        billing_time_zone,
        rounding_mode,
        proration,
        plan_change_policy,
        currency_exponent,
        days_in_month,
        reached_until
    from {{ ref('int_customer_months') }}

),

subscriptions as (

    select
        subscription_id,
        catalog_version,
        is_frozen,
        customer_id,
        plan_id,
        starts_on,
        ends_on,
        starts_at,
        ends_at,
        billing_anchor_day,
        quantity,
        trial_ends_on,
        changes,
        pauses
    from {{ ref('int_subscriptions_versioned') }}

),

intervals as (

    select distinct
        billing_interval,
        {{ months_of_interval('billing_interval') }} as months_of_period
    from {{ ref('stg_catalog__prices') }}

),

subscribed as (

    select
        customer_months.*,
        subscriptions.subscription_id,
        subscriptions.catalog_version as subscription_version,
        subscriptions.plan_id,
        subscriptions.billing_anchor_day,
        subscriptions.quantity,
        subscriptions.changes,
        subscriptions.pauses,
        {{ local_midnight('subscriptions.trial_ends_on', 'customer_months.billing_time_zone') }} as trial_ends_at,
        coalesce(
            subscriptions.starts_at,
            {{ local_midnight('subscriptions.starts_on', 'customer_months.billing_time_zone') }}
        ) as subscribed_at,
        coalesce(
            subscriptions.ends_at,
            {{ local_midnight('subscriptions.ends_on', 'customer_months.billing_time_zone') }},
            timestamptz 'infinity'
        ) as unsubscribed_at,
        coalesce(
            (subscriptions.starts_at at time zone customer_months.billing_time_zone)::date,
            subscriptions.starts_on
        ) as first_day
    from customer_months
    inner join subscriptions
        on
            customer_months.customer_id = subscriptions.customer_id
            and customer_months.is_frozen = subscriptions.is_frozen
            -- one that the newest version no longer names is there in months whose close has seen it
            and customer_months.catalog_version <= subscriptions.catalog_version
            and (not subscriptions.is_frozen or customer_months.catalog_version = subscriptions.catalog_version)

),

-- the month that a period's last day is in says in which month it ends
anchored as (

    select
        subscribed.*,
        intervals.billing_interval,
        intervals.months_of_period,
        (
            subscribed.month_start + make_interval(months => (subscribed.billing_anchor_day = 1)::integer)
        )::date as end_month,
        date_trunc('month', subscribed.first_day::timestamp)::date as first_month
    from subscribed
    cross join intervals

),

periods as (

    select
        anchored.*,
        {{ anchored_day(
            "(anchored.end_month - make_interval(months => anchored.months_of_period))::date",
            'anchored.billing_anchor_day'
        ) }} as period_start,
        {{ anchored_day('anchored.end_month', 'anchored.billing_anchor_day') }} as period_end
    from anchored
    where
        anchored.months_of_period = 1
        or (
            {{ months_since_year_zero('anchored.end_month') }}
            - {{ months_since_year_zero('anchored.first_month') }}
            + ({{ anchored_day('anchored.first_month', 'anchored.billing_anchor_day') }} > anchored.first_day)::integer
        ) % anchored.months_of_period = 0

),

timed as (

    select
        periods.*,
        {{ local_midnight('period_start', 'billing_time_zone') }} as period_starts_at,
        {{ local_midnight('period_end', 'billing_time_zone') }} as period_ends_at
    from periods
    where period_start <= reached_until

),

cut as (

    select
        timed.*,
        greatest(period_starts_at, subscribed_at) as starts_at,
        least(period_ends_at, unsubscribed_at) as ends_at,
        period_starts_at < {{ local_midnight('reached_until', "'UTC'") }} as has_begun
    from timed
    where period_ends_at > subscribed_at and period_starts_at < unsubscribed_at

)

select * from cut
