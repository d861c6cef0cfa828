-- grain: one row per subscription_id, price_version_id and month_start of a flat fee
with

segments as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        plan_id,
        billing_interval,
        is_billed_in_advance,
        period_start,
        period_end,
        service_spans
    from {{ ref('int_charge_segments') }}
    where charge_model = 'flat'

),

split_months as (

    select
        customer_id,
        subscription_id,
        billing_interval,
        month_start,
        plan_id,
        proration,
        billing_time_zone,
        quantity,
        piece_quantities,
        period_starts_at,
        period_ends_at,
        trial_ends_at,
        billable_from_at,
        billable_until_at,
        piece_starts,
        piece_ends
    from {{ ref('int_subscription_months_split') }}

),

-- a subscription without changes is one piece
due as (

    select
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        segments.customer_id,
        segments.is_billed_in_advance,
        case split_months.proration
            when 'days' then segments.period_end - segments.period_start
            when 'seconds' then extract(epoch from split_months.period_ends_at - split_months.period_starts_at)
            when 'none' then 1
        end as share_denominator,
        split_months.proration,
        split_months.billing_time_zone,
        split_months.quantity,
        split_months.piece_quantities is null as is_one_piece,
        coalesce(split_months.piece_quantities, array[split_months.quantity]) as piece_quantities,
        coalesce(split_months.piece_starts, array[timestamptz '-infinity']) as piece_starts,
        coalesce(split_months.piece_ends, array[timestamptz 'infinity']) as piece_ends,
        split_months.period_starts_at,
        split_months.period_ends_at,
        split_months.billable_from_at,
        split_months.billable_until_at,
        case
            when split_months.trial_ends_at is null then segments.service_spans
            else segments.service_spans * tstzmultirange(tstzrange(split_months.trial_ends_at, null))
        end as due_spans
    from segments
    inner join split_months
        on
            segments.customer_id = split_months.customer_id
            and segments.subscription_id = split_months.subscription_id
            and segments.billing_interval = split_months.billing_interval
            and segments.month_start = split_months.month_start
            and segments.plan_id = split_months.plan_id

),

shared as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        case
            when proration = 'none' then coalesce((
                -- once: what holds at the last moment of the subscription, or at the first when billed in advance
                select pieces.quantity
                from unnest(due.piece_starts, due.piece_ends, due.piece_quantities)
                    as pieces (starts_at, ends_at, quantity)
                where
                    case
                        when due.is_billed_in_advance
                            then
                                due.billable_from_at <@ due.due_spans
                                and due.billable_from_at >= pieces.starts_at
                                and due.billable_from_at < pieces.ends_at
                        else
                            due.billable_until_at = upper(due.due_spans)
                            and due.billable_until_at > pieces.starts_at
                            and due.billable_until_at <= pieces.ends_at
                    end
            ), 0)
            when is_one_piece and due_spans = tstzmultirange(tstzrange(period_starts_at, period_ends_at))
                then quantity * share_denominator
            else coalesce((
                select sum(pieces.quantity * case due.proration
                    when 'days'
                        then
                            (upper(spans.span) at time zone due.billing_time_zone)::date
                            - (lower(spans.span) at time zone due.billing_time_zone)::date
                    when 'seconds' then extract(epoch from upper(spans.span) - lower(spans.span))
                end)
                from unnest(due.piece_starts, due.piece_ends, due.piece_quantities)
                    as pieces (starts_at, ends_at, quantity)
                cross join lateral unnest(
                    due.due_spans * tstzmultirange(tstzrange(pieces.starts_at, pieces.ends_at))
                ) as spans (span)
            ), 0)
        end as share_numerator,
        share_denominator
    from due

)

select * from shared
