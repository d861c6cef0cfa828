{# A query of (customer_id, subscription_id, price_version_id, month_start, quantity): how many different values the
   counted property has in all of each segment. #}
{%- macro segments_by_unique_count() -%}
    select
        segment_values.customer_id,
        segment_values.subscription_id,
        segment_values.price_version_id,
        segment_values.month_start,
        count(*)::numeric as quantity
    from (
        select
            priced_cells.customer_id,
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.month_start,
            values_daily.value_key
        from {{ ref('int_usage_cells_priced') }} as priced_cells
        inner join {{ ref('agg_usage_values_daily') }} as values_daily
            on
                priced_cells.customer_id = values_daily.customer_id
                and priced_cells.meter_id = values_daily.meter_id
                and priced_cells.dimension_key = values_daily.dimension_key
                and priced_cells.usage_month = date_trunc('month', values_daily.usage_date::timestamp)::date
                and values_daily.usage_date <@ priced_cells.priced_days
        union
        select
            customer_id,
            subscription_id,
            price_version_id,
            month_start,
            value_key
        from {{ ref('int_usage_events_cut') }}
        where aggregation = 'unique_count' and price_version_id is not null and value_key is not null
    ) as segment_values
    group by
        segment_values.customer_id,
        segment_values.subscription_id,
        segment_values.price_version_id,
        segment_values.month_start
{%- endmacro -%}
