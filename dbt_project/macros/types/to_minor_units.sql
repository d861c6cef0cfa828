{# Rounds an amount in major units to the currency's minor unit; the only place that rounds money.
   half_away_from_zero is what round(numeric) does; half_even keeps ties on the even neighbour. #}
{%- macro to_minor_units(amount, exponent, mode) -%}
    {%- set scaled = '(' ~ amount ~ ') * power(10::numeric, ' ~ exponent ~ ')' -%}
    (
        case {{ mode }}
            when 'half_away_from_zero' then round({{ scaled }})
            when 'half_even' then
                case
                    when abs({{ scaled }} - trunc({{ scaled }})) = 0.5 then 2 * round({{ scaled }} / 2)
                    else round({{ scaled }})
                end
        end
    )::bigint
{%- endmacro -%}
