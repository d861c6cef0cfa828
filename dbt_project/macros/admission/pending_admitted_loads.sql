{# The admitted loads that this model has not applied yet. #}
{%- macro pending_admitted_loads() -%}
    select
        null::text as part,
        admitted.load_id
    from {{ ref('int_loads_admitted') }} as admitted
    where
        not exists (
            select 1 from {{ source('ops', 'applied_loads') }} as applied
            where applied.model_name = '{{ model.name }}' and applied.load_id = admitted.load_id
        )
{%- endmacro -%}
