{# A query of (customer_id, subscription_id, price_version_id, month_start, quantity): the quantity of the last event
   of each segment; of events of one instant, the one with the greatest event id is last. #}
{%- macro segments_by_latest() -%}
    select distinct on (found.customer_id, found.subscription_id, found.price_version_id, found.month_start)
        found.customer_id,
        found.subscription_id,
        found.price_version_id,
        found.month_start,
        found.quantity
    from (
        select
            priced_cells.customer_id,
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.month_start,
            latest_daily.latest_at,
            latest_daily.latest_event_id,
            latest_daily.latest_quantity as quantity
        from {{ ref('int_usage_cells_priced') }} as priced_cells
        inner join {{ ref('agg_usage_latest_daily') }} as latest_daily
            on
                priced_cells.customer_id = latest_daily.customer_id
                and priced_cells.meter_id = latest_daily.meter_id
                and priced_cells.dimension_key = latest_daily.dimension_key
                and priced_cells.usage_month = date_trunc('month', latest_daily.usage_date::timestamp)::date
                and latest_daily.usage_date <@ priced_cells.priced_days
        union all
        select
            customer_id,
            subscription_id,
            price_version_id,
            month_start,
            occurred_at as latest_at,
            event_id as latest_event_id,
            quantity
        from {{ ref('int_usage_events_cut') }}
        where aggregation = 'latest' and price_version_id is not null
    ) as found
    order by
        found.customer_id,
        found.subscription_id,
        found.price_version_id,
        found.month_start,
        found.latest_at desc,
        found.latest_event_id desc
{%- endmacro -%}
