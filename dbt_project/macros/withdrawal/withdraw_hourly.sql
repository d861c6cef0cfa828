{# Makes the hours of the loads and customers from which something was withdrawn again, from the deliveries that are
   left; and says in the ledger how many rows there are now. #}
{%- macro withdraw_hourly(relation, model_sql, retracted, load_list) -%}
    {%- set hour = "date_bin(interval '1 hour', {}, timestamptz '2000-01-01 00:00:00+00')" -%}
    {%- set touched -%}
        select distinct load_id, customer_id, {{ hour.format('occurred_at') }} as hour_start from ({{ retracted }}) as r
    {%- endset -%}
    {%- call statement('remove') -%}
        delete from {{ relation }} as hourly
        using ({{ touched }}) as touched
        where
            hourly.load_id in {{ load_list }}
            and {{ touched_spans('hourly.hour_start', retracted, 'day') }}
            and hourly.load_id = touched.load_id
            and hourly.customer_id = touched.customer_id
            and hourly.hour_start = touched.hour_start
    {%- endcall -%}
    {%- call statement('withdraw') -%}
        insert into {{ relation }} (
            customer_id, meter_id, dimension_key, hour_start, load_id, event_count, quantity_sum, quantity_max
        )
        select
            events.customer_id,
            meters.meter_id,
            {{ dimension_key('events.properties::jsonb', 'meters.dimensions') }} as dimension_key,
            events.hour_start,
            events.load_id,
            count(*),
            sum(events.quantity),
            max(events.quantity)
        from (
            {{ deliveries_left(touched, hour, load_list) }}
        ) as events
        inner join {{ ref('int_meters_defined') }} as meters on events.event_type = meters.event_type
        inner join {{ applied_parts() }} as units (meter_id, load_id)
            on meters.meter_id = units.meter_id and events.load_id = units.load_id
        group by events.customer_id, meters.meter_id, dimension_key, events.hour_start, events.load_id
    {%- endcall -%}
    {%- call statement('ledger') -%}
        update {{ source('ops', 'applied_loads') }} as applied
        set row_count = (
            select count(*) from {{ relation }} as hourly
            where hourly.load_id = units.load_id and hourly.meter_id = units.meter_id
        )
        from {{ applied_parts() }} as units (meter_id, load_id)
        where
            applied.model_name = '{{ model.name }}/' || units.meter_id
            and applied.load_id = units.load_id
            and units.load_id in {{ load_list }}
    {%- endcall -%}
{%- endmacro -%}
