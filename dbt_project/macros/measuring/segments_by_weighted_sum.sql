{# A query of (customer_id, subscription_id, price_version_id, month_start, quantity): level × time of each segment, in
   units of its whole period: unit-seconds of its spans / seconds of the period.
   The division is made with 30 decimals: enough that rounding to 9 afterwards is rounding once. #}
{%- macro segments_by_weighted_sum() -%}
    select
        parts.customer_id,
        parts.subscription_id,
        parts.price_version_id,
        parts.month_start,
        sum(parts.unit_seconds)::numeric(100, 30) / parts.period_seconds as quantity
    from (
        -- the level that the UTC month begins with, over the whole span
        select
            priced_cells.customer_id,
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.month_start,
            priced_cells.period_seconds,
            carried.opening_level * extract(epoch from upper(spans.span) - lower(spans.span)) as unit_seconds
        from {{ ref('int_usage_cells_priced') }} as priced_cells
        inner join {{ ref('int_levels_carried') }} as carried
            on
                priced_cells.customer_id = carried.customer_id
                and priced_cells.meter_id = carried.meter_id
                and priced_cells.dimension_key = carried.dimension_key
                and priced_cells.usage_month = carried.usage_month
        cross join lateral unnest(priced_cells.priced_spans) as spans (span)
        union all
        -- each day's change: in full where it is before the span, from its instant on where it is within
        select
            priced_cells.customer_id,
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.month_start,
            priced_cells.period_seconds,
            case
                when levels_daily.day_ends_at <= lower(spans.span)
                    then levels_daily.level_change * extract(epoch from upper(spans.span) - lower(spans.span))
                else
                    levels_daily.unit_seconds
                    + levels_daily.level_change * extract(epoch from upper(spans.span) - levels_daily.day_ends_at)
            end as unit_seconds
        from {{ ref('int_usage_cells_priced') }} as priced_cells
        inner join (
            select
                customer_id,
                meter_id,
                dimension_key,
                date_trunc('month', usage_date::timestamp)::date as usage_month,
                level_change,
                unit_seconds,
                usage_date::timestamp at time zone 'UTC' as day_starts_at,
                (usage_date + 1)::timestamp at time zone 'UTC' as day_ends_at
            from {{ ref('agg_usage_levels_daily') }}
        ) as levels_daily
            on
                priced_cells.customer_id = levels_daily.customer_id
                and priced_cells.meter_id = levels_daily.meter_id
                and priced_cells.dimension_key = levels_daily.dimension_key
                and priced_cells.usage_month = levels_daily.usage_month
        cross join lateral unnest(priced_cells.priced_spans) as spans (span)
        where
            levels_daily.day_ends_at <= lower(spans.span)
            or (levels_daily.day_starts_at >= lower(spans.span) and levels_daily.day_ends_at <= upper(spans.span))
        union all
        -- each event of a day that the span cuts, from its instant or the beginning of the span on
        select
            priced_cells.customer_id,
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.month_start,
            priced_cells.period_seconds,
            events.quantity
            * extract(epoch from upper(spans.span) - greatest(events.occurred_at, lower(spans.span))) as unit_seconds
        from {{ ref('int_usage_cells_priced') }} as priced_cells
        inner join (
            select
                customer_id,
                meter_id,
                dimension_key,
                date_trunc('month', usage_date::timestamp)::date as usage_month,
                quantity,
                occurred_at,
                usage_date::timestamp at time zone 'UTC' as day_starts_at,
                (usage_date + 1)::timestamp at time zone 'UTC' as day_ends_at
            from {{ ref('int_usage_events_cut') }}
            where aggregation = 'weighted_sum'
        ) as events
            on
                priced_cells.customer_id = events.customer_id
                and priced_cells.meter_id = events.meter_id
                and priced_cells.dimension_key = events.dimension_key
                and priced_cells.usage_month = events.usage_month
        cross join lateral unnest(priced_cells.priced_spans) as spans (span)
        where
            events.occurred_at < upper(spans.span)
            and events.day_ends_at > lower(spans.span)
            and (events.day_starts_at < lower(spans.span) or events.day_ends_at > upper(spans.span))
    ) as parts
    group by
        parts.customer_id, parts.subscription_id, parts.price_version_id, parts.month_start, parts.period_seconds
{%- endmacro -%}
