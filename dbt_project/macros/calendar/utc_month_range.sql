{# The instants of a UTC month; month: a date, the first of its month. #}
{%- macro utc_month_range(month) -%}
    tstzrange(({{ month }})::timestamp at time zone 'UTC', (({{ month }}) + interval '1 month') at time zone 'UTC')
{%- endmacro -%}
