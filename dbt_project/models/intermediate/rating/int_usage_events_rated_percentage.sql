-- grain: one row per subscription_id, price_version_id, month_start and event_id
with

terms as (

    select
        segments.subscription_id,
        segments.price_version_id,
        segments.month_start,
        segments.customer_id,
        prices.unit_price_unrounded,
        prices.fixed_fee_per_event_unrounded,
        prices.free_events,
        prices.free_amount_unrounded,
        prices.minimum_per_event_unrounded,
        prices.maximum_per_event_unrounded
    from {{ ref('int_segments_measured') }} as segments
    inner join {{ ref('stg_catalog__prices') }} as prices
        on
            segments.catalog_version = prices.catalog_version
            and segments.price_version_id = prices.price_version_id
    where segments.charge_model = 'percentage'

),

events as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        event_id,
        greatest(quantity, 0) as amount,
        row_number() over events_in_order as event_number,
        sum(greatest(quantity, 0)) over events_in_order as amount_so_far
    from {{ ref('int_usage_events_priced') }}
    window events_in_order as (
        partition by customer_id, subscription_id, price_version_id, month_start
        order by occurred_at, event_id
        rows between unbounded preceding and current row
    )

),

-- free events and the free amount end together, at whichever is used up first
judged as (

    select
        events.subscription_id,
        events.price_version_id,
        events.month_start,
        events.customer_id,
        events.event_id,
        events.event_number,
        events.amount,
        events.event_number <= coalesce(terms.free_events, 'infinity'::numeric)
        and num_nonnulls(terms.free_events, terms.free_amount_unrounded) > 0 as is_number_free,
        events.amount_so_far - coalesce(terms.free_amount_unrounded, 'infinity'::numeric) as amount_beyond,
        terms.unit_price_unrounded,
        terms.fixed_fee_per_event_unrounded,
        terms.minimum_per_event_unrounded,
        terms.maximum_per_event_unrounded
    from events
    inner join terms
        on
            events.customer_id = terms.customer_id
            and events.subscription_id = terms.subscription_id
            and events.price_version_id = terms.price_version_id
            and events.month_start = terms.month_start

),

paid as (

    select
        *,
        is_number_free and amount_beyond <= 0 as is_free,
        case when is_number_free then greatest(least(amount, amount_beyond), 0) else amount end as paid_amount
    from judged

),

priced as (

    select
        *,
        paid_amount * unit_price_unrounded + fixed_fee_per_event_unrounded as amount_at_rate
    from paid

),

rated as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        event_id,
        event_number,
        amount - paid_amount as free_amount,
        paid_amount,
        is_free,
        case
            when is_free then 'free'
            when maximum_per_event_unrounded < greatest(amount_at_rate, minimum_per_event_unrounded) then 'maximum'
            when minimum_per_event_unrounded > amount_at_rate then 'minimum'
            else 'rate'
        end as rated_as,
        trim_scale(
            case
                when is_free then 0
                else least(greatest(amount_at_rate, minimum_per_event_unrounded), maximum_per_event_unrounded)
            end
        ) as amount_exact
    from priced

)

select * from rated
