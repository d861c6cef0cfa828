{# A query of (subscription_id, price_version_id, usage_month, quantity): how many different values the counted
   property has on all days and cells of each segment.
   priced_cells: name of the relation that says which days of a cell go to which segment. #}
{%- macro segments_by_unique_count(priced_cells) -%}
    select
        segment_values.subscription_id,
        segment_values.price_version_id,
        segment_values.usage_month,
        count(*)::numeric as quantity
    from (
        select distinct
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.usage_month,
            values_daily.value_key
        from {{ priced_cells }} as priced_cells
        inner join {{ ref('agg_usage_values_daily') }} as values_daily
            on
                priced_cells.customer_id = values_daily.customer_id
                and priced_cells.meter_id = values_daily.meter_id
                and priced_cells.dimension_key = values_daily.dimension_key
                and priced_cells.usage_month = date_trunc('month', values_daily.usage_date::timestamp)::date
                and values_daily.usage_date <@ priced_cells.priced_days
    ) as segment_values
    group by segment_values.subscription_id, segment_values.price_version_id, segment_values.usage_month
{%- endmacro -%}
