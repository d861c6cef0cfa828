-- grain: one row per customer_id, event_id, subscription_id and price_version_id that prices events one by one
with

-- materialised, so that without such prices no event is read, and else none of other months
cells as materialized (

    select
        priced_cells.customer_id,
        priced_cells.meter_id,
        priced_cells.dimension_key,
        priced_cells.usage_month,
        priced_cells.subscription_id,
        priced_cells.price_version_id,
        priced_cells.month_start,
        priced_cells.priced_spans
    from {{ ref('int_usage_cells_priced') }} as priced_cells
    inner join {{ ref('int_charge_segments') }} as segments
        on
            priced_cells.customer_id = segments.customer_id
            and priced_cells.subscription_id = segments.subscription_id
            and priced_cells.price_version_id = segments.price_version_id
            and priced_cells.month_start = segments.month_start
    inner join {{ ref('stg_catalog__prices') }} as prices
        on
            segments.catalog_version = prices.catalog_version
            and segments.price_version_id = prices.price_version_id
    where
        num_nonnulls(
            prices.free_events,
            prices.free_amount_unrounded,
            prices.minimum_per_event_unrounded,
            prices.maximum_per_event_unrounded
        ) > 0

),

span as materialized (

    select
        coalesce(min(usage_month), date 'infinity')::timestamp at time zone 'UTC' as span_start,
        (coalesce(max(usage_month), date '-infinity') + interval '1 month') at time zone 'UTC' as span_end
    from cells

),

events as (

    select
        customer_id,
        event_id,
        meter_id,
        dimension_key,
        occurred_at,
        quantity
    from {{ ref('fct_metered_events') }}
    where
        occurred_at >= (select span.span_start from span)
        and occurred_at < (select span.span_end from span)
        and meter_id in (select cells.meter_id from cells)

),

priced as (

    select
        cells.subscription_id,
        cells.price_version_id,
        cells.month_start,
        events.customer_id,
        events.event_id,
        events.occurred_at,
        events.quantity
    from cells
    inner join events
        on
            cells.customer_id = events.customer_id
            and cells.meter_id = events.meter_id
            and cells.dimension_key = events.dimension_key
            and events.occurred_at <@ cells.priced_spans

)

select * from priced
