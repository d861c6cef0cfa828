{# A statement that notes the loads which aggregates have applied and rating has not seen; it gives their load_id. #}
{%- macro rated_loads_to_note() -%}
    insert into {{ source('ops', 'rated_loads') }} (model_name, load_id)
    select
        applied.model_name,
        applied.load_id
    from {{ source('ops', 'applied_loads') }} as applied
    where
        (starts_with(applied.model_name, 'agg_usage_') or applied.model_name = 'fct_usage_events')
        and not exists (
            select 1 from {{ source('ops', 'rated_loads') }} as seen
            where applied.model_name = seen.model_name and applied.load_id = seen.load_id
        )
    returning load_id
{%- endmacro -%}
