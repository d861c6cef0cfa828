{# Renders units as rows of (part, load_id) literals. #}
{%- macro pending_part_values(units) -%}
    {%- for unit in units -%}
        ({{ quoted_literal(unit.part) }}, {{ unit.load_id }}::bigint){{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro -%}
