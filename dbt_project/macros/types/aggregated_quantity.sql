{# The quantity of some usage rows by the meter's aggregation, from their additive pieces. #}
{%- macro aggregated_quantity(aggregation, rows) -%}
    case {{ aggregation }}
        when 'count' then sum({{ rows }}.event_count)
        when 'sum' then sum({{ rows }}.quantity_sum)
        when 'max' then max({{ rows }}.quantity_max)
    end
{%- endmacro -%}
