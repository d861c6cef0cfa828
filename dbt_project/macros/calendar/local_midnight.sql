{# The instant at which a local day begins; the zone is an IANA name. #}
{%- macro local_midnight(day, zone) -%}
    (({{ day }})::timestamp at time zone {{ zone }})
{%- endmacro -%}
