{# The (part, load) pairs that this model holds, as a relation to select from; a part is a meter. #}
{%- macro applied_parts() -%}
    (
        select
            substr(model_name, length('{{ model.name }}/') + 1),
            load_id
        from {{ source('ops', 'applied_loads') }}
        where starts_with(model_name, '{{ model.name }}/')
    )
{%- endmacro -%}
