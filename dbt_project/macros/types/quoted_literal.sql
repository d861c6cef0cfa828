{# A text literal that is safe for any value; null stays null. #}
{%- macro quoted_literal(value) -%}
    {%- if value is none -%}null::text
    {%- else -%}'{{ value | replace("'", "''") }}'::text
    {%- endif -%}
{%- endmacro -%}
