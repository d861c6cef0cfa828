{# The UTC days that lie whole within a multirange of instants, as a multirange of dates.
   In hours, because a day of the session's zone is not always as long. #}
{%- macro whole_utc_days(spans) -%}
    (
        select coalesce(range_agg(daterange(found.first_day, found.day_after)), datemultirange())
        from (
            select
                ((lower(span) + interval '24 hours' - interval '1 microsecond') at time zone 'UTC')::date as first_day,
                (upper(span) at time zone 'UTC')::date as day_after
            from unnest({{ spans }}) as single_spans (span)
        ) as found
        where found.first_day < found.day_after
    )
{%- endmacro -%}
