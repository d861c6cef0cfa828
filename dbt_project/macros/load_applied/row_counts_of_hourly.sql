{# For a model whose grain holds no load: the hourly rows that were added up, from the ledger. #}
{%- macro row_counts_of_hourly(relation, load_list) -%}
    select
        substr(model_name, length('agg_usage_hourly/') + 1) as part,
        load_id,
        row_count
    from {{ source('ops', 'applied_loads') }}
    where starts_with(model_name, 'agg_usage_hourly/') and load_id in {{ load_list }}
{%- endmacro -%}
