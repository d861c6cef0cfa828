{# Notes the events of some loads that void another one, and withdraws every accepted event that one of them, or of
   those that waited for it, names. Of any order of arrival the end is the same. #}
{%- macro withdraw_voided_events(load_list) -%}
    {%- set found = run_query(
        'select exists (select 1 from ' ~ source('raw_usage', 'events') ~ ' where load_id in ' ~ load_list
        ~ " and event_type = 'event.voided') or exists (select 1 from " ~ source('ops', 'event_voids')
        ~ ' where settled_load_id is null) as is_found'
    ) -%}
    {%- if found.rows[0]['is_found'] -%}
        {%- do lock_retractions() -%}
        {%- call statement('voids') -%}
            {{ insert_voids(load_list) }}
        {%- endcall -%}
        {%- set loads = run_query(
            'select distinct standing_load_id from (' ~ voids_to_settle() ~ ') as voids order by 1'
        ).columns[0].values() -%}
        {%- if loads -%}
            {%- call statement('retractions') -%}
                {{ insert_voided_deliveries(load_list, '(' ~ loads | join(', ') ~ ')') }}
            {%- endcall -%}
            {%- do crash_point(config.require('crash_stage') ~ 'after_voids') -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}
