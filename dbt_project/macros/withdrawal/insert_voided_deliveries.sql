{# A statement that withdraws the events that voids were waiting for; standing_loads: the loads that brought them.
   What is decided is decided by the later of both loads, which is one of load_list. #}
{%- macro insert_voided_deliveries(load_list, standing_loads) -%}
    with settled as (
        select
            voids.*,
            case when voids.load_id in {{ load_list }} then voids.load_id else voids.standing_load_id
            end as decided_load_id
        from ({{ voids_to_settle() }}) as voids
    ),

    withdrawn as (
        insert into {{ source('ops', 'event_retractions') }} (
            load_id, delivery_id, customer_id, event_id, occurred_at, reason, by_load_id, by_delivery_id,
            decided_load_id
        )
        select distinct
            settled.standing_load_id,
            settled.standing_delivery_id,
            settled.customer_id,
            settled.voided_event_id,
            deliveries.occurred_at,
            'voided',
            settled.load_id,
            settled.delivery_id,
            settled.decided_load_id
        from settled
        inner join {{ source('raw_usage', 'events') }} as deliveries
            on
                settled.standing_load_id = deliveries.load_id
                and settled.standing_delivery_id = deliveries.delivery_id
        where deliveries.load_id in {{ standing_loads }}
    )

    update {{ source('ops', 'event_voids') }} as voids
    set settled_load_id = settled.decided_load_id
    from settled
    where
        voids.customer_id = settled.customer_id
        and voids.load_id = settled.load_id
        and voids.delivery_id = settled.delivery_id
{%- endmacro -%}
