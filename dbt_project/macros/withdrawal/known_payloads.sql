{# A query of (load_id, delivery_id): the accepted delivery that had the payload of an event, one row or none.
   asked: name of a relation with the key of the event and its payload. #}
{%- macro known_payloads(asked) -%}
    select
        accepted.load_id,
        accepted.delivery_id
    from (
        {{ accepted_payloads(asked) }}
    ) as accepted
    where accepted.payload_hash = {{ asked }}.payload_hash
    limit 1
{%- endmacro -%}
