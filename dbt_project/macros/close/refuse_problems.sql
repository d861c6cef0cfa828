{# Stops an operation with everything that a query of (problem, remedy) finds; says `refused` first. #}
{%- macro refuse_problems(query, refused) -%}
    {%- set problems = [] -%}
    {%- for row in run_query(query) -%}
        {%- do problems.append('- ' ~ row['problem'] ~ ': ' ~ row['remedy']) -%}
    {%- endfor -%}
    {%- if problems | length > 0 -%}
        {%- do exceptions.raise_compiler_error(refused ~ '\n' ~ problems | join('\n')) -%}
    {%- endif -%}
{%- endmacro -%}
