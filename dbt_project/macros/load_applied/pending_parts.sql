{# In a load_applied model: the pending (part, load) pairs as a relation to select from; a part is a meter. #}
{%- macro pending_parts() -%}
    (values (/* pending parts */ null::text, null::bigint))
{%- endmacro -%}
