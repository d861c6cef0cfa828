{# A query of (load_id, delivery_id, payload_hash): the deliveries that were accepted for an event, by its key.
   asked: name of a relation with the key of the event; has_revisions: whether any event has a second payload. #}
{%- macro accepted_payloads(asked, has_revisions=true) -%}
    {%- for table in ['event_registry', 'event_revisions'][:2 if has_revisions else 1] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        {{ table }}.load_id,
        {{ table }}.delivery_id,
        {{ table }}.payload_hash
    from {{ source('ops', table) }} as {{ table }}
    where
        {{ table }}.event_key_high = {{ asked }}.event_key_high
        and {{ table }}.event_key_low = {{ asked }}.event_key_low
        and {{ table }}.customer_id = {{ asked }}.customer_id
    {%- endfor %}
{%- endmacro -%}
