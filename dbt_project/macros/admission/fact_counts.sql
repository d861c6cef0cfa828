{# How many events of each load were accepted, and how many facts it gave. #}
{%- macro fact_counts(relation, load_list) -%}
    select
        admitted.load_id,
        admitted.accepted_count,
        coalesce(facts.fact_count, 0) as fact_count
    from {{ ref('int_loads_admitted') }} as admitted
    left join (
        select
            load_id,
            count(*) as fact_count
        from {{ relation }}
        where load_id in {{ load_list }}
        group by load_id
    ) as facts on admitted.load_id = facts.load_id
    where admitted.load_id in {{ load_list }}
    order by admitted.load_id
{%- endmacro -%}
