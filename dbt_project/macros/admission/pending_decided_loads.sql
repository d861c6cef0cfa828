{# The loads that both lanes of admission have decided and that this model has not applied yet. #}
{%- macro pending_decided_loads() -%}
    select
        null::text as part,
        first_lane.load_id
    from {{ source('ops', 'applied_loads') }} as first_lane
    inner join {{ source('ops', 'applied_loads') }} as second_lane on first_lane.load_id = second_lane.load_id
    where
        first_lane.model_name = 'int_events_admitted_0'
        and second_lane.model_name = 'int_events_admitted_1'
        and not exists (
            select 1 from {{ source('ops', 'applied_loads') }} as applied
            where applied.model_name = '{{ model.name }}' and applied.load_id = first_lane.load_id
        )
{%- endmacro -%}
