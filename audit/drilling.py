"""From a difference between deliveries and facts to the single event that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from audit.hops import typed


def find_event(connection: Connection, keys: Mapping[str, Any], bounds: Mapping[str, str]) -> str:
    """Finds the first event of a load and customer that is not the same on both sides.

    Args:
        connection: Of a role that reads raw rows, fates and facts.
        keys: `load_id` and `customer_id` of the difference.
        bounds: `from_at` and `to_at`.

    Returns:
        A sentence that names it; empty when each event alone is the same on both sides.
    """
    row = connection.execute(typed(_FIRST), {**keys, **bounds}).mappings().first()
    if row is None:
        return ""
    event = f"event {row['event_id']} (delivery {row['delivery_id']})"
    if row["fact_count"] == 0:
        return f"First: {event} was accepted and is no fact"
    if row["raw_count"] == 0:
        return f"First: {event} is a fact and was not accepted"
    if row["fact_count"] != row["raw_count"]:
        return (
            f"First: {event} landed {row['raw_count']} times, is a fact {row['fact_count']} times"
        )
    return f"First: {event} says {row['raw_quantity']}, its fact {row['fact_quantity']}"


_FIRST = """
    with accepted as (
        select delivery_id, event_id, count(*) as raw_count, sum(quantity) as quantity
        from raw_usage.events as deliveries
        where load_id = :load_id and customer_id = :customer_id
            and occurred_at >= :from_at and occurred_at < :to_at
            and not exists (
                select from ops.event_fates as fates
                where fates.load_id = deliveries.load_id
                    and fates.delivery_id = deliveries.delivery_id
            )
            and not exists (
                select from ops.event_retractions as withdrawn
                where withdrawn.load_id = deliveries.load_id
                    and withdrawn.delivery_id = deliveries.delivery_id
            )
        group by delivery_id, event_id
    ),
    facts as (
        select delivery_id, event_id, count(*) as fact_count, sum(quantity) as quantity
        from marts.fct_usage_events
        where load_id = :load_id and customer_id = :customer_id
            and occurred_at >= :from_at and occurred_at < :to_at
        group by delivery_id, event_id
    )
    select delivery_id, event_id, coalesce(raw_count, 0) as raw_count,
        coalesce(fact_count, 0) as fact_count, accepted.quantity as raw_quantity,
        facts.quantity as fact_quantity
    from accepted full outer join facts using (delivery_id, event_id)
    where raw_count is distinct from fact_count
        or accepted.quantity is distinct from facts.quantity
    order by delivery_id, event_id
    limit 1
"""
