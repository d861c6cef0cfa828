{# Renews the planner's statistics of the registry when the lanes made it grow by more than a fifth; after them, since
   each lane would wait for the other. #}
{%- macro renew_registry_statistics(load_list) -%}
    {%- set counts = run_query(
        'select coalesce(sum(event_count), 0)::bigint from ' ~ ref('stg_ops__loads') ~ ' where load_id in ' ~ load_list
    ) -%}
    {%- do analyze_when_grown(source('ops', 'event_registry'), counts.rows[0][0] | int) -%}
{%- endmacro -%}
