{# Renews the planner's statistics of a lane's part of the registry when it grew by more than a fifth. #}
{%- macro renew_registry_statistics(relation, load_list) -%}
    {%- set counts = run_query(
        'select coalesce(sum(event_count), 0)::bigint from ' ~ ref('stg_ops__loads') ~ ' where load_id in ' ~ load_list
    ) -%}
    {%- do analyze_when_grown(relation, (counts.rows[0][0] | int) // 2) -%}
{%- endmacro -%}
