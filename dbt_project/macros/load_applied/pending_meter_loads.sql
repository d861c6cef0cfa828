{# The (meter, load) pairs whose events are admitted and that this model has not applied yet; a meter that is new
   is pending for every load, which is how it gets the usage of the past. #}
{%- macro pending_meter_loads() -%}
    select
        meters.meter_id as part,
        admitted.load_id
    from {{ ref('int_loads_admitted') }} as admitted
    cross join (select distinct meter_id from {{ ref('int_meters_defined') }}) as meters
    where
        not exists (
            select 1 from {{ source('ops', 'applied_loads') }} as applied
            where
                applied.model_name = '{{ model.name }}/' || meters.meter_id
                and applied.load_id = admitted.load_id
        )
{%- endmacro -%}
