{# A query of (subscription_id, price_version_id, usage_month, quantity): the percentile of the quantities of each
   segment by nearest rank: the smallest one that at least so many percent of the events do not exceed.
   priced_cells: name of the relation that says which days of a cell go to which segment. #}
{%- macro segments_by_percentile(priced_cells) -%}
    select
        ranked.subscription_id,
        ranked.price_version_id,
        ranked.usage_month,
        min(ranked.quantity) as quantity
    from (
        select
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.usage_month,
            meters.percentile,
            quantities_daily.quantity,
            -- up to and with this quantity, and all
            sum(sum(quantities_daily.event_count)) over (
                partition by priced_cells.subscription_id, priced_cells.price_version_id, priced_cells.usage_month
                order by quantities_daily.quantity
            ) as count_up_to,
            sum(sum(quantities_daily.event_count)) over (
                partition by priced_cells.subscription_id, priced_cells.price_version_id, priced_cells.usage_month
            ) as count_of_all
        from {{ priced_cells }} as priced_cells
        inner join {{ ref('agg_usage_quantities_daily') }} as quantities_daily
            on
                priced_cells.customer_id = quantities_daily.customer_id
                and priced_cells.meter_id = quantities_daily.meter_id
                and priced_cells.dimension_key = quantities_daily.dimension_key
                and priced_cells.usage_month = date_trunc('month', quantities_daily.usage_date::timestamp)::date
                and quantities_daily.usage_date <@ priced_cells.priced_days
        inner join {{ ref('int_meters_defined') }} as meters on priced_cells.meter_id = meters.meter_id
        group by
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.usage_month,
            meters.percentile,
            quantities_daily.quantity
    ) as ranked
    where ranked.count_up_to * 100 >= ranked.percentile * ranked.count_of_all
    group by ranked.subscription_id, ranked.price_version_id, ranked.usage_month
{%- endmacro -%}
