{# A query of input_state: changes whenever aggregated usage or the catalog does, and never otherwise. Closing a
   month changes neither: a closed month keeps the catalog version that it was drafted with. #}
{%- macro rating_input_state() -%}
    select
        (select count(*) from {{ source('ops', 'applied_loads') }} where model_name like 'agg_usage_daily%')
        || ' loads in agg_usage_daily, catalog version '
        || (
            select coalesce(max(catalog_version), 0) from {{ source('ops', 'catalog_versions') }}
            where state = 'landed'
        ) as input_state
{%- endmacro -%}
