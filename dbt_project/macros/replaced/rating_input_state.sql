{# A query of input_state: changes whenever aggregated usage, the catalog or the billing months of a legal entity do,
   and never otherwise. A close changes it only when it opens a new month behind the newest usage: a closed month
   keeps the catalog version that it was drafted with. #}
{%- macro rating_input_state() -%}
    select
        (select count(*) from {{ source('ops', 'applied_loads') }} where model_name like 'agg_usage_daily%')
        || ' loads in agg_usage_daily, '
        || (
            select count(*) from {{ source('ops', 'applied_loads') }}
            where
                split_part(model_name, '/', 1) in (
                    'agg_usage_latest_daily',
                    'agg_usage_values_daily',
                    'agg_usage_quantities_daily',
                    'agg_usage_levels_daily'
                )
        )
        || ' in those of values, catalog version '
        || (
            select coalesce(max(catalog_version), 0) from {{ source('ops', 'catalog_versions') }}
            where state = 'landed'
        )
        || ', months to '
        || (
            select coalesce(to_char(max(month_start), 'YYYY-MM'), 'none') || ' (' || count(*) || ' of all entities)'
            from {{ graph.nodes['model.' ~ project_name ~ '.int_billing_months'].relation_name }}
        ) as input_state
{%- endmacro -%}
