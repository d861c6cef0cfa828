{# Makes those who decide what is withdrawn do so one after the other: a payload that takes the place of another, and
   an event that voids it. Each sees what the one before it decided. #}
{%- macro lock_retractions() -%}
    {%- do run_query("select pg_advisory_xact_lock(hashtextextended('ops.event_retractions', 0))") -%}
{%- endmacro -%}
