{# A query of the deliveries of a lane that bring a payload which their event has never had, the first of each, with
   the delivery that stands now. A payload that comes back is a duplicate: it would undo a correction each time that
   a source delivers again. An event that is voided stays so. #}
{%- macro revisions_to_admit(load_list, lane) -%}
    select
        payloads.*,
        standing.load_id as standing_load_id,
        standing.delivery_id as standing_delivery_id
    from (
        select distinct on (
            judged.event_key_high, judged.event_key_low, judged.customer_id, judged.payload_hash
        )
            judged.*,
            allowed.billing_time_zone,
            allowed.closed_days
        from {{ ref('int_usage_events_judged') }} as judged
        inner join {{ ref('int_revisions_allowed') }} as allowed on judged.customer_id = allowed.customer_id
        where
            judged.load_id in {{ load_list }}
            and {{ is_in_lane('judged.event_key_high', lane) }}
            and judged.quarantine_reason is null
        order by
            judged.event_key_high,
            judged.event_key_low,
            judged.customer_id,
            judged.payload_hash,
            judged.load_id,
            judged.file_number,
            judged.line_number,
            judged.delivery_id
    ) as payloads
    cross join lateral (
        {{ standing_delivery('payloads') }}
    ) as standing
    left join lateral (
        {{ known_payloads('payloads') }}
    ) as known on true
    where
        known.delivery_id is null
        and not exists (
            select 1 from {{ source('ops', 'event_voids') }} as voids
            where
                voids.event_key_high = payloads.event_key_high
                and voids.event_key_low = payloads.event_key_low
                and voids.customer_id = payloads.customer_id
        )
{%- endmacro -%}
