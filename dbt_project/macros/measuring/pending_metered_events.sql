{# A query of the facts of the pending loads, once for each pending meter that counts their type.
   Columns: customer_id, meter_id, dimension_key, usage_date (UTC), event_id, occurred_at, quantity, value_key; the
   value is that of the meter's counted property, null where there is none. #}
{%- macro pending_metered_events() -%}
    with pending as (
        select
            meter_id,
            load_id
        from {{ pending_parts() }} as pending_parts (meter_id, load_id)
    ),

    meters as (
        select
            meter_id,
            event_type,
            dimensions,
            counted_property
        from {{ ref('int_meters_defined') }}
        where meter_id in (select pending.meter_id from pending)
    ),

    facts as (
        select
            customer_id,
            event_id,
            event_type,
            occurred_at,
            quantity,
            properties,
            load_id
        from {{ ref('fct_usage_events') }}
        where load_id in {{ pending_loads() }} and event_type in (select meters.event_type from meters)
    ),

    -- materialised, so that properties are read once for each set of them and not for each row
    property_keys as materialized (
        select
            meters.meter_id,
            property_sets.event_type,
            property_sets.properties,
            {{ dimension_key('property_sets.properties::jsonb', 'meters.dimensions') }} as dimension_key,
            {{ value_key('property_sets.properties::jsonb', 'meters.counted_property') }} as value_key
        from (select distinct event_type, properties from facts) as property_sets
        inner join meters on property_sets.event_type = meters.event_type
    )

    select
        facts.customer_id,
        property_keys.meter_id,
        property_keys.dimension_key,
        (facts.occurred_at at time zone 'UTC')::date as usage_date,
        facts.event_id,
        facts.occurred_at,
        facts.quantity,
        property_keys.value_key
    from facts
    inner join property_keys
        on
            facts.event_type = property_keys.event_type
            and facts.properties = property_keys.properties
    inner join pending
        on
            property_keys.meter_id = pending.meter_id
            and facts.load_id = pending.load_id
{%- endmacro -%}
