"""What became of deliveries, counted by door, unit, customer, meter or day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from audit.hops import typed
from warehouse import MeterhouseError

_LABELS = {
    "door": "loads.source",
    "unit": "coalesce(files.file_name, '(unknown)')",
    "customer": "coalesce(deliveries.customer_id, '(no event)')",
    "meter": "coalesce(meters.meter_id, '(no meter)')",
    "day": "coalesce(deliveries.usage_date::text, '(no event)')",
}
_JOINS = {
    "unit": "left join ops.files as files on files.load_id = deliveries.load_id"
    " and files.file_number = deliveries.file_number",
    "meter": "left join intermediate.int_meters_defined as meters"
    " on meters.event_type = deliveries.event_type",
}
BALANCED_BY = tuple(_LABELS)


@dataclass(frozen=True)
class Balance:
    """What became of some deliveries.

    Attributes:
        label: The door, unit, customer, meter or day.
        received: Deliveries: events and lines that are none.
        accepted: Those that became facts.
        duplicate: Those that said again what was accepted.
        quarantined_open: Those in quarantine that nothing was decided about.
        quarantined_replayed: Those in quarantine that came again, repaired.
        discarded: Those in quarantine that were given up.
        conflicting: Those in quarantine that contradict an accepted event; counted above too.
        waiting: Those that wait for a build.
    """

    label: str
    received: int
    accepted: int
    duplicate: int
    quarantined_open: int
    quarantined_replayed: int
    discarded: int
    conflicting: int
    waiting: int


def read_balances(
    connection: Connection, *, by: str, limit: int, days: Mapping[str, str]
) -> list[Balance]:
    """Counts what became of deliveries.

    Args:
        connection: Of a role that reads raw rows, fates and decisions.
        by: One of `BALANCED_BY`; an event that several meters count is in the row of each.
        limit: How many rows at most, the largest first.
        days: `from_at` and `to_at`: events by when they happened, other lines by when they landed.

    Returns:
        The counts.

    Raises:
        MeterhouseError: Deliveries can't be counted by that.
    """
    if by not in _LABELS:
        raise MeterhouseError(
            f"Deliveries can't be counted by {by}.", remedy=f"one of {', '.join(BALANCED_BY)}"
        )
    query = _QUERY.format(label=_LABELS[by], join=_JOINS.get(by, ""))
    rows = connection.execute(typed(query), {**days, "limit": limit}).mappings()
    return [Balance(**row) for row in rows]


_QUERY = """
    with deliveries as (
        select load_id, delivery_id, file_number, customer_id, event_type,
            (occurred_at at time zone 'UTC')::date as usage_date
        from raw_usage.events
        where occurred_at >= :from_at and occurred_at < :to_at
        union all
        select load_id, delivery_id, file_number, null, null, null
        from raw_usage.rejected
        where load_id in (
            select load_id from ops.loads where landed_at >= :from_at and landed_at < :to_at
        )
    ),
    applied as (
        select load_id from ops.applied_loads where model_name = 'fct_usage_events'
    ),
    fated as (
        select {label} as label,
            applied.load_id is null as is_waiting,
            fates.fate,
            fates.reason,
            case when fates.fate = 'quarantined' then coalesce(decisions.state, 'open') end as state
        from deliveries
        inner join ops.loads as loads
            on loads.load_id = deliveries.load_id and loads.state = 'landed'
        left join applied on applied.load_id = deliveries.load_id
        left join ops.event_fates as fates
            on fates.load_id = deliveries.load_id and fates.delivery_id = deliveries.delivery_id
        left join intermediate.int_quarantine_resolved as decisions
            on decisions.load_id = fates.load_id and decisions.delivery_id = fates.delivery_id
        {join}
    )
    select label,
        count(*) as received,
        count(*) filter (where not is_waiting and fate is null) as accepted,
        count(*) filter (where fate = 'duplicate') as duplicate,
        count(*) filter (where state = 'open') as quarantined_open,
        count(*) filter (where state = 'replayed') as quarantined_replayed,
        count(*) filter (where state = 'discarded') as discarded,
        count(*) filter (where reason = 'conflicting_duplicate') as conflicting,
        count(*) filter (where is_waiting) as waiting
    from fated
    group by label
    order by received desc, label
    limit :limit
"""
