-- grain: one row per customer_id, subscription_id, billing_interval, month_start and plan_id
{{ config(
    materialized='replaced',
    opens_round=true,
    primary_key=['customer_id', 'subscription_id', 'billing_interval', 'month_start', 'plan_id']
) }}
-- the round is opened when all that it is about is there
-- depends_on: {{ ref('agg_usage_daily') }}
-- depends_on: {{ ref('agg_usage_monthly') }}
-- depends_on: {{ ref('agg_usage_latest_daily') }}
-- depends_on: {{ ref('agg_usage_values_daily') }}
-- depends_on: {{ ref('agg_usage_quantities_daily') }}
-- depends_on: {{ ref('agg_usage_levels_daily') }}

with

plans as (

    select
        plan_id,
        catalog_version
    from {{ ref('int_plans_known') }}

),

pieces_of_plans as (

    select
        customer_id,
        subscription_id,
        billing_interval,
        month_start,
        plan_id,
        array_agg(piece_starts_at order by change_number) as piece_starts,
        array_agg(piece_ends_at order by change_number) as piece_ends,
        array_agg(quantity order by change_number) as piece_quantities,
        range_agg(tstzrange(piece_starts_at, piece_ends_at)) as spans
    from {{ ref('int_subscription_pieces_held') }}
    group by customer_id, subscription_id, billing_interval, month_start, plan_id

),

split_months as (

    select
        months.*,
        null::timestamptz[] as piece_starts,
        null::timestamptz[] as piece_ends,
        null::numeric(38, 9)[] as piece_quantities,
        months.plan_id as held_plan_id,
        tstzmultirange(tstzrange(months.starts_at, months.ends_at)) as held_spans
    from {{ ref('int_subscription_months') }} as months
    where months.changes is null
    union all
    select
        months.*,
        pieces_of_plans.piece_starts,
        pieces_of_plans.piece_ends,
        pieces_of_plans.piece_quantities,
        pieces_of_plans.plan_id as held_plan_id,
        pieces_of_plans.spans as held_spans
    from {{ ref('int_subscription_months') }} as months
    inner join pieces_of_plans
        on
            months.customer_id = pieces_of_plans.customer_id
            and months.subscription_id = pieces_of_plans.subscription_id
            and months.billing_interval = pieces_of_plans.billing_interval
            and months.month_start = pieces_of_plans.month_start
    where months.changes is not null

),

paused as (

    select
        split_months.*,
        case
            when pauses is null then tstzmultirange()
            else (
                select range_agg(tstzrange(
                    {{ local_midnight("(element.pause ->> 'from')::date", 'split_months.billing_time_zone') }},
                    {{ local_midnight("(element.pause ->> 'to')::date", 'split_months.billing_time_zone') }}
                ))
                from jsonb_array_elements(split_months.pauses) as element (pause)
            )
        end as pause_spans
    from split_months

),

-- what fees are due for: neither paused nor on trial
billable as (

    select
        paused.*,
        case
            when pauses is null and trial_ends_at is null then tstzmultirange(tstzrange(starts_at, ends_at))
            else
                tstzmultirange(tstzrange(greatest(starts_at, trial_ends_at), greatest(ends_at, trial_ends_at)))
                - pause_spans
        end as billable_spans
    from paused

),

split as (

    select
        billable.customer_id,
        billable.subscription_id,
        billable.billing_interval,
        billable.month_start,
        billable.held_plan_id as plan_id,
        billable.legal_entity_id,
        case when billable.is_frozen then billable.catalog_version else plans.catalog_version end as catalog_version,
        billable.currency_code,
        billable.rounding_mode,
        billable.proration,
        billable.billing_time_zone,
        billable.currency_exponent,
        billable.days_in_month,
        billable.quantity,
        billable.piece_quantities,
        billable.has_begun,
        billable.first_month,
        billable.period_start,
        billable.period_end,
        billable.period_starts_at,
        billable.period_ends_at,
        billable.trial_ends_at,
        lower(billable.billable_spans) as billable_from_at,
        upper(billable.billable_spans) as billable_until_at,
        billable.piece_starts,
        billable.piece_ends,
        case
            when billable.pauses is null then billable.held_spans
            else billable.held_spans - billable.pause_spans
        end as plan_spans
    from billable
    inner join plans on billable.held_plan_id = plans.plan_id

)

select * from split
