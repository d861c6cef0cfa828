{# Rows that each load gave the model; for a model whose ledger has no parts. #}
{%- macro row_counts_by_load(relation, load_list) -%}
    select
        null::text as part,
        load_id,
        count(*) as row_count
    from {{ relation }}
    where load_id in {{ load_list }}
    group by load_id
{%- endmacro -%}
