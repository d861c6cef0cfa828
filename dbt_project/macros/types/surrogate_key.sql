{# A key of 32 hexadecimal characters from the values of business keys; values can't run into each other. #}
{%- macro surrogate_key(columns) -%}
    md5(jsonb_build_array({{ columns | join(', ') }})::text)
{%- endmacro -%}
