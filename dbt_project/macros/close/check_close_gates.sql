{# Stops the close with everything that is missing and what to do about it; arguments are SQL literals. #}
{%- macro check_close_gates(entity, period, closed) -%}
    {%- set problems = [] -%}
    {%- for row in run_query(close_gate_problems(entity, period, closed)) -%}
        {%- do problems.append('- ' ~ row['problem'] ~ ': ' ~ row['remedy']) -%}
    {%- endfor -%}
    {%- if problems | length > 0 -%}
        {%- do exceptions.raise_compiler_error(
            'The month can not be closed; nothing was changed.\n' ~ problems | join('\n')
        ) -%}
    {%- endif -%}
{%- endmacro -%}
