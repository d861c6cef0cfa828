{# Renders units as rows of (ledger_name, part, load_id) literals. #}
{%- macro pending_unit_values(units) -%}
    {%- for unit in units -%}
        ({{ quoted_literal(unit.ledger_name) }}, {{ quoted_literal(unit.part) }}, {{ unit.load_id }}::bigint)
        {{- ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro -%}
