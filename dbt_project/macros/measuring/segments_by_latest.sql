{# A query of (subscription_id, price_version_id, usage_month, quantity): the quantity of the last event of each
   segment; of events of one instant, the one with the greatest event id is last.
   priced_cells: name of the relation that says which days of a cell go to which segment. #}
{%- macro segments_by_latest(priced_cells) -%}
    select distinct on (priced_cells.subscription_id, priced_cells.price_version_id, priced_cells.usage_month)
        priced_cells.subscription_id,
        priced_cells.price_version_id,
        priced_cells.usage_month,
        latest_daily.latest_quantity as quantity
    from {{ priced_cells }} as priced_cells
    inner join {{ ref('agg_usage_latest_daily') }} as latest_daily
        on
            priced_cells.customer_id = latest_daily.customer_id
            and priced_cells.meter_id = latest_daily.meter_id
            and priced_cells.dimension_key = latest_daily.dimension_key
            and priced_cells.usage_month = date_trunc('month', latest_daily.usage_date::timestamp)::date
            and latest_daily.usage_date <@ priced_cells.priced_days
    order by
        priced_cells.subscription_id,
        priced_cells.price_version_id,
        priced_cells.usage_month,
        latest_daily.latest_at desc,
        latest_daily.latest_event_id desc
{%- endmacro -%}
