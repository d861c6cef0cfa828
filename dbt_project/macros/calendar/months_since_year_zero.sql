{# The number of a date's month, so that months can be counted. #}
{%- macro months_since_year_zero(day) -%}
    (extract(year from {{ day }}) * 12 + extract(month from {{ day }}))::integer
{%- endmacro -%}
