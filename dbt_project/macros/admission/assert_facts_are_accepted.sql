{# Fails the transaction unless a load gave as many facts as the registry accepted of it. #}
{%- macro assert_facts_are_accepted(relation, load_list) -%}
    {%- do crash_point(config.require('crash_stage') ~ 'after_rows') -%}
    {%- set counts = run_query(fact_counts(relation, load_list)) -%}
    {%- for row in counts -%}
        {%- if row['fact_count'] != row['accepted_count'] -%}
            {%- do exceptions.raise_compiler_error(
                'Load ' ~ row['load_id'] ~ ' does not balance and was not applied: accepted ' ~ row['accepted_count']
                ~ ', facts ' ~ row['fact_count'] ~ '. Report this with the load.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro -%}
