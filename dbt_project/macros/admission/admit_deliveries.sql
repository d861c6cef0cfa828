{# Decides the fate of every delivery of some loads; runs in the transaction of fct_usage_events.
   The registry of event identities decides what is accepted: the first delivery of (customer, event id) in the
   order of load, file, line and delivery. Everything else gets a row in event_fates. #}
{%- macro admit_deliveries(load_list) -%}
    {%- do crash_point('admission.before_registry') -%}
    {%- call statement('registry') -%}
        insert into {{ source('ops', 'event_registry') }}
            (customer_id, event_id, payload_hash, load_id, delivery_id)
        select customer_id, event_id, payload_hash, load_id, delivery_id
        from {{ ref('int_usage_events_judged') }}
        where load_id in {{ load_list }} and quarantine_reason is null
        order by customer_id, event_id, load_id, file_number, line_number, delivery_id
        on conflict do nothing
    {%- endcall -%}
    {%- do analyze_when_grown(source('ops', 'event_registry'), load_result('registry').response.rows_affected) -%}
    {%- do crash_point('admission.after_registry') -%}
    {%- call statement('fates') -%}
        insert into {{ source('ops', 'event_fates') }}
            (load_id, delivery_id, customer_id, event_id, fate, reason, detail, first_delivery_id)
        {{ fates_of_deliveries(load_list) }}
        on conflict (load_id, delivery_id) do nothing
    {%- endcall -%}
    {%- do crash_point('admission.after_fates') -%}
{%- endmacro -%}
