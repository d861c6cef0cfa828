{# What is left of a multirange of instants without whole UTC days; null when nothing is. #}
{%- macro spans_without_days(spans, days) -%}
    nullif(
        {{ spans }} - coalesce(
            (
                select range_agg(tstzrange(
                    lower(day_range)::timestamp at time zone 'UTC', upper(day_range)::timestamp at time zone 'UTC'
                ))
                from unnest({{ days }}) as day_ranges (day_range)
            ),
            tstzmultirange()
        ),
        tstzmultirange()
    )
{%- endmacro -%}
