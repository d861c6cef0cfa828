{# The day of a month on which periods begin: its anchor, or its last day when it is shorter.
   month: a date, the first of its month; anchor: 1 to 31. #}
{%- macro anchored_day(month, anchor) -%}
    least(({{ month }}) + ({{ anchor }} - 1), (({{ month }}) + interval '1 month')::date - 1)
{%- endmacro -%}
