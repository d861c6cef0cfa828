{# Rows that each load gave the model, by meter. #}
{%- macro row_counts_by_meter_load(relation, load_list) -%}
    select
        meter_id as part,
        load_id,
        count(*) as row_count
    from {{ relation }}
    where load_id in {{ load_list }}
    group by meter_id, load_id
{%- endmacro -%}
