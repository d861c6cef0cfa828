{# Fails the transaction unless every line that a load counted is in raw_usage: an event of a load that lost lines
   must not get into the registry, since the load has to be landed again. #}
{%- macro assert_landed_whole(load_list) -%}
    {%- set counts = run_query(landed_counts(load_list)) -%}
    {%- for row in counts -%}
        {%- if row['landed_count'] != row['received_count'] -%}
            {%- do exceptions.raise_compiler_error(
                'Load ' ~ row['load_id'] ~ ' does not balance and was not applied: received ' ~ row['received_count']
                ~ ', in raw_usage ' ~ row['landed_count'] ~ '. Deliveries of it are missing: land it again.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do crash_point(config.require('crash_stage') ~ 'before_registry') -%}
{%- endmacro -%}
