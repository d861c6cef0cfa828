{# A query of (difference): where accepted events, facts, hours, days and months of the usage of a legal entity's
   calendar month don't count the same; arguments are SQL literals. Facts of a load are compared with what
   admission accepted of it; the rest by customer and meter, with quantities. #}
{%- macro month_usage_faults(entity, period) -%}
    {%- set of_entity -%}
        customer_id in (
            select customer_id from {{ ref('int_customers_known') }} where legal_entity_id = {{ entity }}
        )
    {%- endset -%}
    {%- set from_at = period ~ "::timestamp at time zone 'UTC'" -%}
    {%- set to_at = '(' ~ period ~ "::timestamp + interval '1 month') at time zone 'UTC'" -%}
    {%- set hours = 'hour_start >= ' ~ from_at ~ ' and hour_start < ' ~ to_at -%}
    select
        'load ' || applied.load_id || ': accepted ' || applied.row_count || ', facts and withdrawn ' || coalesce(facts.fact_count, 0)
        as difference
    from {{ source('ops', 'applied_loads') }} as applied
    left join (
        select load_id, count(*) as fact_count
        from (
            select load_id from {{ ref('fct_usage_events') }}
            union all
            select load_id from ({{ applied_retractions('fct_usage_events.retractions') }}) as withdrawn
        ) as counted
        where load_id = any (array(
            select distinct load_id from {{ ref('agg_usage_hourly') }} where {{ hours }} and {{ of_entity }}
        ))
        group by load_id
    ) as facts on applied.load_id = facts.load_id
    where
        applied.model_name = 'fct_usage_events'
        and applied.load_id in (
            select load_id from {{ ref('agg_usage_hourly') }} where {{ hours }} and {{ of_entity }}
        )
        and applied.row_count <> coalesce(facts.fact_count, 0)
    union all
    select
        'customer ' || sides.customer_id || ', meter ' || sides.meter_id || ': '
        || string_agg(
            sides.side || ' ' || sides.event_count || ' events of ' || trim_scale(sides.quantity_sum), ', '
            order by sides.position
        )
    from (
        select
            1 as position, 'facts' as side, customer_id, meter_id, count(*) as event_count,
            sum(quantity) as quantity_sum, max(quantity) as quantity_max
        from {{ ref('fct_metered_events') }}
        where occurred_at >= {{ from_at }} and occurred_at < {{ to_at }} and {{ of_entity }}
        group by customer_id, meter_id
        {% for position, side, aggregate, days in [
            (2, 'hours', 'agg_usage_hourly', hours),
            (3, 'days', 'agg_usage_daily', 'usage_date >= ' ~ period ~ ' and usage_date < ' ~ period
                ~ " + interval '1 month'"),
            (4, 'month', 'agg_usage_monthly', 'usage_month = ' ~ period)
        ] -%}
            union all
            select
                {{ position }}, '{{ side }}', customer_id, meter_id, sum(event_count), sum(quantity_sum),
                max(quantity_max)
            from {{ ref(aggregate) }}
            where {{ days }} and {{ of_entity }}
            group by customer_id, meter_id
        {% endfor -%}
    ) as sides
    group by sides.customer_id, sides.meter_id
    having
        count(*) <> 4
        or min(sides.event_count) <> max(sides.event_count)
        or min(sides.quantity_sum) <> max(sides.quantity_sum)
        or min(sides.quantity_max) <> max(sides.quantity_max)
{%- endmacro -%}
