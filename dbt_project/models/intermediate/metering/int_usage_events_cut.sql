-- grain: one row per customer_id, meter_id and event_id on a UTC day that a boundary cuts
{{ config(materialized='replaced', primary_key=['customer_id', 'meter_id', 'event_id']) }}

with

cut_days as (

    select distinct
        cut_spans_of_cells.customer_id,
        cut_spans_of_cells.meter_id,
        cut_spans_of_cells.dimension_key,
        generate_series(
            date_trunc('day', lower(cut_spans_of_cells.span) at time zone 'UTC'),
            date_trunc('day', (upper(cut_spans_of_cells.span) - interval '1 microsecond') at time zone 'UTC'),
            interval '1 day'
        )::date as usage_date
    from (
        select
            customer_id,
            meter_id,
            dimension_key,
            unnest(cut_spans) as span
        from {{ ref('int_usage_cells_priced') }}
        where cut_spans is not null
    ) as cut_spans_of_cells

),

-- whosever they are: the days that events are read of
days_to_read as (

    select distinct generate_series(
        date_trunc('day', lower(all_cut_spans.span) at time zone 'UTC'),
        date_trunc('day', (upper(all_cut_spans.span) - interval '1 microsecond') at time zone 'UTC'),
        interval '1 day'
    )::date as usage_date
    from (
        select unnest(cut_spans) as span
        from {{ ref('int_usage_cells_priced') }}
        where cut_spans is not null
    ) as all_cut_spans

),

events as (

    select
        read_events.customer_id,
        read_events.meter_id,
        read_events.event_id,
        read_events.dimension_key,
        read_events.aggregation,
        read_events.value_key,
        read_events.quantity,
        days_to_read.usage_date,
        read_events.occurred_at
    from days_to_read
    cross join lateral (
        select
            events.customer_id,
            events.meter_id,
            events.event_id,
            events.dimension_key,
            events.aggregation,
            events.value_key,
            events.quantity,
            events.occurred_at
        from {{ ref('fct_metered_events') }} as events
        where
            events.occurred_at >= days_to_read.usage_date::timestamp at time zone 'UTC'
            and events.occurred_at < (days_to_read.usage_date + 1)::timestamp at time zone 'UTC'
            and (events.customer_id, events.meter_id) in (
                select
                    cells.customer_id,
                    cells.meter_id
                from {{ ref('int_usage_cells_priced') }} as cells
                where cells.cut_spans is not null
            )
        -- keeps the look-up by day: joined, the events of all days would be read
        offset 0
    ) as read_events

),

cut_cells as (

    select
        customer_id,
        meter_id,
        dimension_key,
        usage_month,
        subscription_id,
        price_version_id,
        month_start,
        cut_spans
    from {{ ref('int_usage_cells_priced') }}
    where cut_spans is not null

),

-- without a price where none holds at the event's instant
cut_events as (

    select
        events.customer_id,
        events.meter_id,
        events.event_id,
        events.dimension_key,
        events.aggregation,
        cut_cells.subscription_id,
        cut_cells.price_version_id,
        events.value_key,
        events.quantity,
        events.usage_date,
        cut_cells.month_start,
        events.occurred_at
    from events
    inner join cut_days
        on
            events.customer_id = cut_days.customer_id
            and events.meter_id = cut_days.meter_id
            and events.dimension_key = cut_days.dimension_key
            and events.usage_date = cut_days.usage_date
    left join cut_cells
        on
            events.customer_id = cut_cells.customer_id
            and events.meter_id = cut_cells.meter_id
            and events.dimension_key = cut_cells.dimension_key
            and date_trunc('month', events.usage_date::timestamp)::date = cut_cells.usage_month
            and events.occurred_at <@ cut_cells.cut_spans

)

select * from cut_events
