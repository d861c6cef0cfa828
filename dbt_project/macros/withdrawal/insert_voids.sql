{# A statement that notes the accepted events of some loads that void another one. #}
{%- macro insert_voids(load_list) -%}
    insert into {{ source('ops', 'event_voids') }}
        (customer_id, load_id, delivery_id, voided_event_id, event_key_high, event_key_low)
    select distinct
        deliveries.customer_id,
        deliveries.load_id,
        deliveries.delivery_id,
        deliveries.properties::jsonb ->> 'voids',
        hashtextextended(deliveries.properties::jsonb ->> 'voids', 0),
        hashtextextended(deliveries.properties::jsonb ->> 'voids', 1)
    from {{ source('raw_usage', 'events') }} as deliveries
    where
        deliveries.load_id in {{ load_list }}
        and deliveries.event_type = 'event.voided'
        and not exists (
            select 1 from {{ source('ops', 'event_fates') }} as refused
            where
                refused.load_id = deliveries.load_id
                and refused.delivery_id = deliveries.delivery_id
        )
{%- endmacro -%}
