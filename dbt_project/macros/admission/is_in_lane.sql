{# Whether an event is decided by a lane: lane 0 has the negative keys, lane 1 the others. The lanes insert into
   the two halves of the registry's index side by side, and all deliveries of one event meet in one lane. #}
{%- macro is_in_lane(event_key_high, lane) -%}
    {{ event_key_high }} {{ '<' if lane == 0 else '>=' }} 0
{%- endmacro -%}
