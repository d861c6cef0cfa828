{# A query of (customer_id, subscription_id, price_version_id, month_start, quantity): the percentile of the quantities
   of each segment by nearest rank: the smallest one that at least so many percent of the events do not exceed. #}
{%- macro segments_by_percentile() -%}
    select
        ranked.customer_id,
        ranked.subscription_id,
        ranked.price_version_id,
        ranked.month_start,
        min(ranked.quantity) as quantity
    from (
        select
            counted.customer_id,
            counted.subscription_id,
            counted.price_version_id,
            counted.month_start,
            meters.percentile,
            counted.quantity,
            -- up to and with this quantity, and all
            sum(sum(counted.event_count)) over (
                partition by
                    counted.customer_id, counted.subscription_id, counted.price_version_id, counted.month_start
                order by counted.quantity
            ) as count_up_to,
            sum(sum(counted.event_count)) over (
                partition by
                    counted.customer_id, counted.subscription_id, counted.price_version_id, counted.month_start
            ) as count_of_all
        from (
            select
                priced_cells.customer_id,
                priced_cells.meter_id,
                priced_cells.subscription_id,
                priced_cells.price_version_id,
                priced_cells.month_start,
                quantities_daily.quantity,
                quantities_daily.event_count
            from {{ ref('int_usage_cells_priced') }} as priced_cells
            inner join {{ ref('agg_usage_quantities_daily') }} as quantities_daily
                on
                    priced_cells.customer_id = quantities_daily.customer_id
                    and priced_cells.meter_id = quantities_daily.meter_id
                    and priced_cells.dimension_key = quantities_daily.dimension_key
                    and priced_cells.usage_month = date_trunc('month', quantities_daily.usage_date::timestamp)::date
                    and quantities_daily.usage_date <@ priced_cells.priced_days
            union all
            select
                customer_id,
                meter_id,
                subscription_id,
                price_version_id,
                month_start,
                quantity,
                1 as event_count
            from {{ ref('int_usage_events_cut') }}
            where aggregation = 'percentile' and price_version_id is not null
        ) as counted
        inner join {{ ref('int_meters_defined') }} as meters on counted.meter_id = meters.meter_id
        group by
            counted.customer_id,
            counted.subscription_id,
            counted.price_version_id,
            counted.month_start,
            meters.percentile,
            counted.quantity
    ) as ranked
    where ranked.count_up_to * 100 >= ranked.percentile * ranked.count_of_all
    group by ranked.customer_id, ranked.subscription_id, ranked.price_version_id, ranked.month_start
{%- endmacro -%}
