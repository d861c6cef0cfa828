{# A condition on an instant: it lies in one of the days or months that retractions touch, as literal ranges, so that
   nothing else is read. #}
{%- macro touched_spans(column, retracted, unit) -%}
    {%- set spans = run_query(
        "select lower(spans.span)::text as starts_at, upper(spans.span)::text as ends_at from (select unnest(range_agg("
        ~ "tstzrange(starts_at, (starts_at at time zone 'UTC' + interval '1 " ~ unit ~ "') at time zone 'UTC'))) as span"
        ~ " from (select distinct date_trunc('" ~ unit ~ "', occurred_at, 'UTC') as starts_at from (" ~ retracted
        ~ ') as r) as units) as spans order by 1'
    ) -%}
    (
    {%- for row in spans.rows -%}
        ({{ column }} >= '{{ row['starts_at'] }}'::timestamptz and {{ column }} < '{{ row['ends_at'] }}'::timestamptz)
        {{- ' or ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro -%}
