{# Fails the transaction unless, for every load, received = accepted + duplicate + quarantined. #}
{%- macro assert_one_fate_each(relation, load_list) -%}
    {%- set counts = run_query(
        'select * from ' ~ relation ~ ' where load_id in ' ~ load_list ~ ' order by load_id'
    ) -%}
    {%- for row in counts -%}
        {%- set answered = row['accepted_count'] + row['duplicate_count'] + row['quarantined_count'] -%}
        {%- if row['received_count'] != answered -%}
            {%- do exceptions.raise_compiler_error(
                'Load ' ~ row['load_id'] ~ ' does not balance and was not applied: received ' ~ row['received_count']
                ~ ', accepted ' ~ row['accepted_count'] ~ ', duplicate ' ~ row['duplicate_count']
                ~ ', quarantined ' ~ row['quarantined_count'] ~ '. Report this with the load.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro -%}
