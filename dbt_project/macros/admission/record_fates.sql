{# Gives a fate to every delivery of a lane that the registry did not take; runs in the lane's transaction. #}
{%- macro record_fates(relation, load_list) -%}
    {%- set lane = config.require('lane') -%}
    {%- set stage = config.require('crash_stage') -%}
    {%- do crash_point(stage ~ 'after_registry') -%}
    {%- do renew_registry_statistics(relation, load_list) -%}
    {%- do admit_revisions(load_list, lane) -%}
    {%- call statement('fates') -%}
        insert into {{ source('ops', 'event_fates') }}
            (load_id, delivery_id, customer_id, event_id, fate, reason, detail, first_delivery_id)
        {{ fates_of_deliveries(load_list, lane) }}
        on conflict (load_id, delivery_id) do nothing
    {%- endcall -%}
    {%- do crash_point(stage ~ 'after_fates') -%}
{%- endmacro -%}
