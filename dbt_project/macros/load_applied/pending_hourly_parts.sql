{# The (meter, load) pairs that agg_usage_hourly holds and that this model has not applied yet. #}
{%- macro pending_hourly_parts() -%}
    select
        substr(hourly.model_name, length('agg_usage_hourly/') + 1) as part,
        hourly.load_id
    from {{ source('ops', 'applied_loads') }} as hourly
    where
        starts_with(hourly.model_name, 'agg_usage_hourly/')
        and not exists (
            select 1 from {{ source('ops', 'applied_loads') }} as applied
            where
                applied.model_name
                = '{{ model.name }}/' || substr(hourly.model_name, length('agg_usage_hourly/') + 1)
                and applied.load_id = hourly.load_id
        )
{%- endmacro -%}
