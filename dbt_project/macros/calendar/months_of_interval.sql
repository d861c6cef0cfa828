{# The length of a billing interval in months. #}
{%- macro months_of_interval(interval) -%}
    case {{ interval }} when 'month' then 1 when 'quarter' then 3 when 'year' then 12 end
{%- endmacro -%}
