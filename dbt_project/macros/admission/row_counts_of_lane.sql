{# Events that each load gave to a lane's part of the registry. #}
{%- macro row_counts_of_lane(relation, load_list) -%}
    select
        null::text as part,
        load_id,
        count(*) as row_count
    from {{ relation }}
    where load_id in {{ load_list }}
    group by load_id
{%- endmacro -%}
