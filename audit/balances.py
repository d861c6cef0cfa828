"""What became of deliveries, counted by door, unit, customer, meter or day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from audit.hops import typed
from warehouse import MeterhouseError

BALANCED_BY = ("door", "unit", "customer", "meter", "day")


@dataclass(frozen=True)
class Balance:
    """What became of some deliveries.

    Attributes:
        label: The door, unit, customer, meter or day.
        received: Deliveries: events and lines that are none.
        accepted: Those that became facts, withdrawn ones too.
        duplicate: Those that said again what was accepted.
        quarantined_open: Those in quarantine that nothing was decided about.
        quarantined_replayed: Those in quarantine that came again, repaired.
        discarded: Those in quarantine that were given up.
        conflicting: Those in quarantine that contradict an accepted event; counted above too.
        withdrawn: Those accepted ones that were voided or superseded since.
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
    withdrawn: int
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
    if by not in BALANCED_BY:
        raise MeterhouseError(
            f"Deliveries can't be counted by {by}.", remedy=f"one of {', '.join(BALANCED_BY)}"
        )
    rows = connection.execute(typed(_QUERY.format(by=by)), {**days, "limit": limit}).mappings()
    return [Balance(**row) for row in rows]


_QUERY = """
    select label,
        sum(received_count)::bigint as received,
        sum(accepted_count)::bigint as accepted,
        sum(duplicate_count)::bigint as duplicate,
        sum(open_count)::bigint as quarantined_open,
        sum(replayed_count)::bigint as quarantined_replayed,
        sum(discarded_count)::bigint as discarded,
        sum(conflicting_count)::bigint as conflicting,
        sum(withdrawn_count)::bigint as withdrawn,
        sum(waiting_count)::bigint as waiting
    from reporting.rpt_delivery_balance
    where grain = '{by}'
        and counted_on::timestamp >= :from_at at time zone 'UTC'
        and counted_on::timestamp < :to_at at time zone 'UTC'
    group by label
    order by received desc, label
    limit :limit
"""
