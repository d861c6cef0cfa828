{# The value of a property, in a form that differs exactly where values differ and that an index can hold: short
   values as they are, long ones by their SHA-256. Numbers are written without trailing zeros, as in dimension_key.
   Null where the property is missing, null or an empty text. #}
{%- macro value_key(properties, property) -%}
    (
        select
            case
                when found.value_text = '' then null
                when octet_length(found.value_text) <= 200 then '=' || found.value_text
                else '#' || encode(sha256(convert_to(found.value_text, 'UTF8')), 'hex')
            end
        from (
            select
                case jsonb_typeof({{ properties }} -> {{ property }})
                    when 'number' then trim_scale(({{ properties }} ->> {{ property }})::numeric)::text
                    else {{ properties }} ->> {{ property }}
                end as value_text
        ) as found
    )
{%- endmacro -%}
