"""The hop from daily usage to what is kept of values, where these are no sum of pieces."""

from __future__ import annotations

from audit.hops import Hop

_DAYS = (
    "usage_date::timestamp >= :from_at at time zone 'UTC'"
    " and usage_date::timestamp < :to_at at time zone 'UTC'"
)
VALUES = Hop(
    name="values",
    left_name="agg_usage_daily",
    right_name="aggregates of values",
    keys=("customer_id", "meter_id", "dimension_key", "usage_date"),
    measures=("event_count",),
    # not unique_count: of events from before the meter, those without its property are not kept
    left=f"""
        select customer_id, meter_id, dimension_key, usage_date, event_count
        from marts.agg_usage_daily
        where {_DAYS} and meter_id in (
            select meter_id from intermediate.int_meters_defined
            where aggregation in ('latest', 'percentile', 'weighted_sum')
        )
    """,  # noqa: S608
    right=f"""
        select customer_id, meter_id, dimension_key, usage_date, sum(event_count) as event_count
        from (
            select customer_id, meter_id, dimension_key, usage_date, event_count
            from marts.agg_usage_latest_daily
            union all
            select customer_id, meter_id, dimension_key, usage_date, event_count
            from marts.agg_usage_quantities_daily
            union all
            select customer_id, meter_id, dimension_key, usage_date, event_count
            from marts.agg_usage_levels_daily
        ) as kept
        where {_DAYS}
        group by customer_id, meter_id, dimension_key, usage_date
    """,  # noqa: S608
)
"""Every event of a day is in what is kept of its values."""
