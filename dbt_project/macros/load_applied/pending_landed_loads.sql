{# The landed loads that this model has not applied yet. #}
{%- macro pending_landed_loads() -%}
    select
        null::text as part,
        loads.load_id
    from {{ source('ops', 'loads') }} as loads
    where
        loads.state = 'landed'
        and not exists (
            select 1 from {{ source('ops', 'applied_loads') }} as applied
            where applied.model_name = '{{ model.name }}' and applied.load_id = loads.load_id
        )
{%- endmacro -%}
