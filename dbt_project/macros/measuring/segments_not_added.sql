{# A query of (customer_id, subscription_id, price_version_id, month_start, quantity) for the segments whose meter is no sum of
   pieces; a segment has one meter, so it is in one of the four. #}
{%- macro segments_not_added() -%}
    with latest as (
        {{ segments_by_latest() }}
    ),

    counted as (
        {{ segments_by_unique_count() }}
    ),

    ranked as (
        {{ segments_by_percentile() }}
    ),

    weighted as (
        {{ segments_by_weighted_sum() }}
    )

    select customer_id, subscription_id, price_version_id, month_start, quantity from latest
    union all
    select customer_id, subscription_id, price_version_id, month_start, quantity from counted
    union all
    select customer_id, subscription_id, price_version_id, month_start, quantity from ranked
    union all
    select customer_id, subscription_id, price_version_id, month_start, quantity from weighted
{%- endmacro -%}
