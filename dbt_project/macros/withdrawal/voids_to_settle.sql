{# A query of the voids that wait for an event that is there: a void itself is never voided. Of two that name one
   event, the first withdraws it. #}
{%- macro voids_to_settle() -%}
    select distinct on (standing.load_id, standing.delivery_id)
        voids.customer_id,
        voids.load_id,
        voids.delivery_id,
        voids.voided_event_id,
        standing.load_id as standing_load_id,
        standing.delivery_id as standing_delivery_id
    from {{ source('ops', 'event_voids') }} as voids
    cross join lateral (
        {{ standing_delivery('voids') }}
    ) as standing
    where
        voids.settled_load_id is null
        and not exists (
            select 1 from {{ source('ops', 'event_voids') }} as other_void
            where
                other_void.customer_id = voids.customer_id
                and other_void.load_id = standing.load_id
                and other_void.delivery_id = standing.delivery_id
        )
    order by standing.load_id, standing.delivery_id, voids.load_id, voids.delivery_id
{%- endmacro -%}
