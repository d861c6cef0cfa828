{# The (meter, load) pairs of one aggregation whose events are facts and hourly usage, and that this model has not
   applied yet. The model's setting `aggregation` names it. #}
{%- macro pending_valued_parts() -%}
    select
        hourly.part,
        hourly.load_id
    from ({{ pending_hourly_parts() }}) as hourly
    where
        exists (
            select 1 from {{ ref('int_meters_defined') }} as meters
            where meters.meter_id = hourly.part and meters.aggregation = '{{ config.require('aggregation') }}'
        )
        and exists (
            select 1 from {{ source('ops', 'applied_loads') }} as facts
            where facts.model_name = 'fct_usage_events' and facts.load_id = hourly.load_id
        )
{%- endmacro -%}
