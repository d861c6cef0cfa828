{# A query of (load_id, delivery_id): the accepted delivery that stands for an event, one row or none.
   asked: name of a relation with the key of the event. #}
{%- macro standing_delivery(asked) -%}
    select
        accepted.load_id,
        accepted.delivery_id
    from (
        {{ accepted_payloads(asked) }}
    ) as accepted
    where
        not exists (
            select 1 from {{ source('ops', 'event_retractions') }} as retracted
            where
                retracted.load_id = accepted.load_id
                and retracted.delivery_id = accepted.delivery_id
        )
    limit 1
{%- endmacro -%}
