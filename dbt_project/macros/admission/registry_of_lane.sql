{# The part of the registry that a lane fills and reads: nothing of the other lane is in it. #}
{%- macro registry_of_lane(lane) -%}
    {{ return(source('ops', 'event_registry_' ~ lane)) }}
{%- endmacro -%}
