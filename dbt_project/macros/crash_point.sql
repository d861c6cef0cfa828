{# Waits at a named place of the current transaction when METERHOUSE_CRASH_AT names it, so that a test can
   kill the process there; does nothing otherwise. #}
{%- macro crash_point(name) -%}
    {%- if execute and env_var('METERHOUSE_CRASH_AT', '') == name -%}
        {%- do run_query('select pg_sleep(120) /* crash_point:' ~ name ~ ' */') -%}
    {%- endif -%}
{%- endmacro -%}
