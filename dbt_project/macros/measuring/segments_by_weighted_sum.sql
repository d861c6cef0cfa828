{# A query of (subscription_id, price_version_id, usage_month, quantity): level × time of each segment, in units of
   the whole month: unit-seconds of the segment's days / seconds of the month.
   The division is made with 30 decimals: enough that rounding to 9 afterwards is rounding once.
   priced_cells: name of the relation that says which days of a cell go to which segment. #}
{%- macro segments_by_weighted_sum(priced_cells) -%}
    select
        parts.subscription_id,
        parts.price_version_id,
        parts.usage_month,
        sum(parts.unit_seconds)::numeric(100, 30)
        / (86400 * ((parts.usage_month + interval '1 month')::date - parts.usage_month)) as quantity
    from (
        -- the level that the month begins with, over all days of the segment
        select
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.usage_month,
            carried.opening_level * 86400 * (upper(stretches.days) - lower(stretches.days)) as unit_seconds
        from {{ priced_cells }} as priced_cells
        inner join {{ ref('int_levels_carried') }} as carried
            on
                priced_cells.customer_id = carried.customer_id
                and priced_cells.meter_id = carried.meter_id
                and priced_cells.dimension_key = carried.dimension_key
                and priced_cells.usage_month = carried.usage_month
        cross join lateral unnest(priced_cells.priced_days) as stretches (days)
        union all
        -- and each day's change: in full where it is before the segment, from its instant on where it is within
        select
            priced_cells.subscription_id,
            priced_cells.price_version_id,
            priced_cells.usage_month,
            case
                when levels_daily.usage_date < lower(stretches.days)
                    then levels_daily.level_change * 86400 * (upper(stretches.days) - lower(stretches.days))
                else
                    levels_daily.unit_seconds
                    + levels_daily.level_change * 86400 * (upper(stretches.days) - levels_daily.usage_date - 1)
            end as unit_seconds
        from {{ priced_cells }} as priced_cells
        inner join {{ ref('agg_usage_levels_daily') }} as levels_daily
            on
                priced_cells.customer_id = levels_daily.customer_id
                and priced_cells.meter_id = levels_daily.meter_id
                and priced_cells.dimension_key = levels_daily.dimension_key
                and priced_cells.usage_month = date_trunc('month', levels_daily.usage_date::timestamp)::date
        cross join lateral unnest(priced_cells.priced_days) as stretches (days)
        where levels_daily.usage_date < upper(stretches.days)
    ) as parts
    group by parts.subscription_id, parts.price_version_id, parts.usage_month
{%- endmacro -%}
