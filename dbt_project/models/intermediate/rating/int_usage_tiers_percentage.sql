-- grain: one row per subscription_id, price_version_id, month_start and tier_number that has usage
with

quantities as (

    select
        quantities.subscription_id,
        quantities.price_version_id,
        quantities.month_start,
        quantities.customer_id,
        quantities.event_count,
        quantities.rated_quantity,
        prices.unit_price_unrounded,
        prices.fixed_fee_per_event_unrounded,
        num_nonnulls(
            prices.free_events,
            prices.free_amount_unrounded,
            prices.minimum_per_event_unrounded,
            prices.maximum_per_event_unrounded
        ) > 0 as is_rated_by_event
    from {{ ref('int_quantities_transformed') }} as quantities
    inner join {{ ref('stg_catalog__prices') }} as prices
        on
            quantities.catalog_version = prices.catalog_version
            and quantities.price_version_id = prices.price_version_id
    where quantities.charge_model = 'percentage' and quantities.event_count <> 0

),

events as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        free_amount,
        paid_amount,
        rated_as,
        amount_exact
    from {{ ref('int_usage_events_rated_percentage') }}

),

event_totals as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        sum(free_amount) as free_amount,
        count(*) filter (where rated_as = 'free' or free_amount > 0) as free_count,
        sum(paid_amount) filter (where rated_as = 'rate') as rate_paid,
        count(*) filter (where rated_as = 'rate') as rate_count,
        sum(paid_amount) filter (where rated_as = 'minimum') as minimum_paid,
        sum(amount_exact) filter (where rated_as = 'minimum') as minimum_amount,
        sum(paid_amount) filter (where rated_as = 'maximum') as maximum_paid,
        sum(amount_exact) filter (where rated_as = 'maximum') as maximum_amount
    from events
    group by customer_id, subscription_id, price_version_id, month_start

),

-- fees of the events are one fee of the row; a row of events at a limit has no rate, only what they cost
summarised as (

    select
        quantities.subscription_id,
        quantities.price_version_id,
        quantities.month_start,
        quantities.customer_id,
        parts.tier_number,
        parts.quantity,
        parts.unit_price_unrounded,
        parts.fees_exact
    from quantities
    inner join event_totals
        on
            quantities.customer_id = event_totals.customer_id
            and quantities.subscription_id = event_totals.subscription_id
            and quantities.price_version_id = event_totals.price_version_id
            and quantities.month_start = event_totals.month_start
    cross join lateral (
        values
        (0, case when event_totals.free_count > 0 then event_totals.free_amount end, 0::numeric, 0::numeric),
        (
            1,
            event_totals.rate_paid,
            quantities.unit_price_unrounded,
            event_totals.rate_count * quantities.fixed_fee_per_event_unrounded
        ),
        (2, event_totals.minimum_paid, 0, event_totals.minimum_amount),
        (3, event_totals.maximum_paid, 0, event_totals.maximum_amount)
    ) as parts (tier_number, quantity, unit_price_unrounded, fees_exact)
    where quantities.is_rated_by_event and parts.quantity is not null
    union all
    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        1 as tier_number,
        rated_quantity as quantity,
        unit_price_unrounded,
        event_count * fixed_fee_per_event_unrounded as fees_exact
    from quantities
    where not is_rated_by_event

),

amounts as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        tier_number,
        null::numeric as up_to,
        trim_scale(quantity) as quantity,
        unit_price_unrounded::numeric(38, 12) as unit_price_unrounded,
        trim_scale(fees_exact) as fees_exact,
        trim_scale(quantity * unit_price_unrounded + fees_exact) as amount_exact
    from summarised

)

select * from amounts
