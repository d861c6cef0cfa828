{# Fails the transaction unless, for every load, received = accepted + duplicate + quarantined, and the facts are
   what the registry accepted. #}
{%- macro assert_one_fate_each(relation, load_list) -%}
    {%- do crash_point('admission.after_facts') -%}
    {%- set counts = run_query(delivery_counts(relation, load_list)) -%}
    {%- for row in counts -%}
        {%- set answered = row['accepted_count'] + row['duplicate_count'] + row['quarantined_count'] -%}
        {%- if row['received_count'] != answered or row['fact_count'] != row['accepted_count'] -%}
            {%- do exceptions.raise_compiler_error(
                'Load ' ~ row['load_id'] ~ ' does not balance and was not applied: received ' ~ row['received_count']
                ~ ', accepted ' ~ row['accepted_count'] ~ ', duplicate ' ~ row['duplicate_count']
                ~ ', quarantined ' ~ row['quarantined_count'] ~ ', facts ' ~ row['fact_count']
                ~ '. Deliveries of it are missing in raw_usage, or more than the load counted: land it again.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro -%}
