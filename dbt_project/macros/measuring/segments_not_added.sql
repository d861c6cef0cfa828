{# A query of (subscription_id, price_version_id, usage_month, quantity) for the segments whose meter is no sum of
   pieces; a segment has one meter, so it is in one of the four.
   priced_cells: name of the relation that says which days of a cell go to which segment. #}
{%- macro segments_not_added(priced_cells) -%}
    with latest as (
        {{ segments_by_latest(priced_cells) }}
    ),

    counted as (
        {{ segments_by_unique_count(priced_cells) }}
    ),

    ranked as (
        {{ segments_by_percentile(priced_cells) }}
    ),

    weighted as (
        {{ segments_by_weighted_sum(priced_cells) }}
    )

    select subscription_id, price_version_id, usage_month, quantity from latest
    union all
    select subscription_id, price_version_id, usage_month, quantity from counted
    union all
    select subscription_id, price_version_id, usage_month, quantity from ranked
    union all
    select subscription_id, price_version_id, usage_month, quantity from weighted
{%- endmacro -%}
