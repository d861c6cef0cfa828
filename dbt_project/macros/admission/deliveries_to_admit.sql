{# A query of the pending deliveries of a lane that nothing speaks against: of each (customer, event id) the first
   one by load, file, line and delivery. Sorted by key, since that is how an index takes many rows fastest. #}
{%- macro deliveries_to_admit(lane) -%}
    select distinct on (event_key_high, event_key_low, customer_id)
        event_key_high,
        event_key_low,
        customer_id,
        payload_hash,
        load_id,
        delivery_id
    from {{ ref('int_usage_events_judged') }}
    where
        load_id in {{ pending_loads() }}
        and {{ is_in_lane('event_key_high', lane) }}
        and quarantine_reason is null
    order by
        event_key_high,
        event_key_low,
        customer_id,
        load_id,
        file_number,
        line_number,
        delivery_id
{%- endmacro -%}
