{# A statement that accepts later payloads and withdraws what they take the place of; standing_loads: the loads of
   the deliveries that stand now. Of several payloads of one event, each takes the place of the one before it. #}
{%- macro insert_revisions(load_list, lane, standing_loads) -%}
    with accepted as (
        select
            revisions.*,
            coalesce(lag(revisions.load_id) over by_event, revisions.standing_load_id) as replaced_load_id,
            coalesce(lag(revisions.delivery_id) over by_event, revisions.standing_delivery_id) as replaced_delivery_id,
            coalesce(lag(revisions.occurred_at) over by_event, revisions.standing_occurred_at) as replaced_occurred_at
        from (
            select distinct
                candidates.*,
                deliveries.occurred_at as standing_occurred_at
            from ({{ revisions_to_admit(load_list, lane) }}) as candidates
            inner join {{ source('raw_usage', 'events') }} as deliveries
                on
                    candidates.standing_load_id = deliveries.load_id
                    and candidates.standing_delivery_id = deliveries.delivery_id
            where
                deliveries.load_id in {{ standing_loads }}
                and not (candidates.occurred_at at time zone candidates.billing_time_zone)::date <@ candidates.closed_days
                and not (deliveries.occurred_at at time zone candidates.billing_time_zone)::date <@ candidates.closed_days
        ) as revisions
        window by_event as (
            partition by revisions.customer_id, revisions.event_key_high, revisions.event_key_low
            order by revisions.load_id, revisions.file_number, revisions.line_number, revisions.delivery_id
        )
    ),

    revisions as (
        insert into {{ source('ops', 'event_revisions') }}
            (event_key_high, event_key_low, customer_id, payload_hash, load_id, delivery_id)
        select event_key_high, event_key_low, customer_id, payload_hash, load_id, delivery_id
        from accepted
    )

    insert into {{ source('ops', 'event_retractions') }} (
        load_id, delivery_id, customer_id, event_id, occurred_at, reason, by_load_id, by_delivery_id, decided_load_id
    )
    select
        replaced_load_id, replaced_delivery_id, customer_id, event_id, replaced_occurred_at, 'superseded', load_id,
        delivery_id, load_id
    from accepted
{%- endmacro -%}
