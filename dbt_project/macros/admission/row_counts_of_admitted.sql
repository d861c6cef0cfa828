{# Facts that each load gave: as many as were accepted of it, which assert_facts_are_accepted has just counted. #}
{%- macro row_counts_of_admitted(relation, load_list) -%}
    select
        null::text as part,
        load_id,
        accepted_count as row_count
    from {{ ref('int_loads_admitted') }}
    where load_id in {{ load_list }}
{%- endmacro -%}
