{# The columns of a closed table, in the order of its contract. #}
{%- macro closed_columns(model_name) -%}
    {{- graph.nodes['model.' ~ project_name ~ '.' ~ model_name].columns.keys() | join(', ') -}}
{%- endmacro -%}
