{# The (meter, load) pairs whose events are facts and that this model has not applied yet; a meter that is new
   is pending for every load, which is how it gets the usage of the past. #}
{%- macro pending_meter_loads() -%}
    select
        meters.meter_id as part,
        facts.load_id
    from {{ source('ops', 'applied_loads') }} as facts
    cross join (select distinct meter_id from {{ ref('int_meters_defined') }}) as meters
    where
        facts.model_name = 'fct_usage_events'
        and not exists (
            select 1 from {{ source('ops', 'applied_loads') }} as applied
            where
                applied.model_name = '{{ model.name }}/' || meters.meter_id
                and applied.load_id = facts.load_id
        )
{%- endmacro -%}
