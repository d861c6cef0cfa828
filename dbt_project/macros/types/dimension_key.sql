{# The values of a meter's dimensions as the text of a JSON object with text values. A property that is missing
   or null gives no key; numbers are written without trailing zeros, so that equal values give equal keys. #}
{%- macro dimension_key(properties, dimensions) -%}
    (
        select coalesce(
            jsonb_object_agg(
                property.key,
                case jsonb_typeof(property.value)
                    when 'number' then trim_scale((property.value #>> '{}')::numeric)::text
                    else property.value #>> '{}'
                end
            ),
            '{}'
        )::text
        from jsonb_each({{ properties }}) as property (key, value)
        where {{ dimensions }} ? property.key and jsonb_typeof(property.value) <> 'null'
    )
{%- endmacro -%}
