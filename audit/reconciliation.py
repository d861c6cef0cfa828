"""Reconciles the whole line, at zero tolerance: received = fates, accepted = facts = aggregates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from audit.balances import Balance, read_balances
from audit.drilling import find_event
from audit.hops import Hop, compare_sql, restricted, typed
from audit.line import HOPS
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.progress import progress

_NOT_BUILT = {"42P01", "42703", "3F000"}


@dataclass(frozen=True)
class Range:
    """The UTC days that are compared, half-open; None is no bound.

    Usage is taken by the day on which it happened; loads, files and lines that are no event by the
    day on which they landed.

    Attributes:
        first: First day.
        end: First day after the last.
    """

    first: date | None = None
    end: date | None = None

    def parameters(self) -> dict[str, str]:
        """Returns the bounds as instants, as Postgres reads them."""
        return {
            "from_at": _instant(self.first) if self.first else "-infinity",
            "to_at": _instant(self.end) if self.end else "infinity",
        }


@dataclass(frozen=True)
class HopResult:
    """What the comparison of one hop found.

    Attributes:
        name: The hop.
        left_name: The first side.
        right_name: The second side.
        cell_count: Cells that were compared.
        difference_count: Cells that differ.
        left_total: What the first side counts in all.
        right_total: What the second side counts in all.
        keys: Keys of the first difference.
        left: What the first side says there, by measure.
        right: What the second side says there.
        event: The delivery or fact that is missing, too much or other, where one is found.
    """

    name: str
    left_name: str
    right_name: str
    cell_count: int
    difference_count: int
    left_total: int
    right_total: int
    keys: Mapping[str, Any]
    left: Mapping[str, Any]
    right: Mapping[str, Any]
    event: str = ""

    def describe(self) -> str:
        """Says where the first difference is, and what each side has."""
        where = ", ".join(f"{name} {value}" for name, value in self.keys.items())
        said = "; ".join(
            f"{name}: {self.left_name} {_shown(value)}, {self.right_name} "
            f"{_shown(self.right[name])}"
            for name, value in self.left.items()
            if value != self.right[name]
        )
        more = f". {self.event}" if self.event else ""
        return f"{where}: {said}{more}"


@dataclass(frozen=True)
class Reconciliation:
    """What a reconciliation found.

    Attributes:
        hops: The hops, in the order of the line.
        balances: What became of deliveries, by what was asked for.
        waiting_loads: Landed loads that no build has applied; they are not compared further.
    """

    hops: Sequence[HopResult]
    balances: Sequence[Balance]
    waiting_loads: Sequence[int]

    @property
    def differences(self) -> list[HopResult]:
        """The hops that differ, in the order of the line."""
        return [hop for hop in self.hops if hop.difference_count]


def reconcile(
    warehouse: Warehouse, days: Range | None = None, *, by: str = "door", limit: int = 50
) -> Reconciliation:
    """Compares every hop in one snapshot of the warehouse, so that it may run beside anything.

    Args:
        warehouse: The warehouse.
        days: The days; all of them when not given.
        by: By what deliveries are counted: `door`, `unit`, `customer`, `meter` or `day`.
        limit: How many rows of that at most, the largest first.

    Returns:
        What was found.

    Raises:
        MeterhouseError: The range is empty, or the models are not there yet.
    """
    days = days or Range()
    if days.first and days.end and days.first >= days.end:
        raise MeterhouseError(
            f"From {days.first} to {days.end} there is no day.",
            remedy="--to is the first day that is left out",
        )
    engine = warehouse.engine(Role.TRANSFORMER)
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with engine.connect().execution_options(**options) as connection:
            connection.execute(_SET_RANGE, days.parameters())
            with progress().task("Reconciling", total=len(HOPS), unit="hops") as task:
                hops = []
                loads = _loads_of(connection, days)
                for hop in HOPS:
                    hops.append(_compare(connection, hop, days, loads))
                    task.advance(1)
            return Reconciliation(
                hops=hops,
                balances=read_balances(connection, by=by, limit=limit, days=days.parameters()),
                waiting_loads=list(connection.execute(_WAITING).scalars()),
            )
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", "") not in _NOT_BUILT:
            raise
        raise MeterhouseError(
            "The models that are compared are not there yet, or are of older code.",
            remedy="run ./meterhouse build once",
        ) from error


def _loads_of(connection: Connection, days: Range) -> tuple[list[int], list[int]] | None:
    """Finds the loads that landed in a range, and since a day before; None for all days.

    What says that it happened a day after it landed was not accepted.
    """
    if days.first is None and days.end is None:
        return None
    landed = connection.execute(typed(_LANDED), days.parameters()).scalars()
    late = connection.execute(typed(_LANDED_LATE), days.parameters()).scalars()
    return list(landed), list(late)


def _compare(
    connection: Connection, hop: Hop, days: Range, loads: tuple[list[int], list[int]] | None
) -> HopResult:
    parameters = days.parameters()
    statement = compare_sql(hop)
    if loads is not None:
        statement = restricted(statement, landed=loads[0], late=loads[1])
    row = connection.execute(typed(statement), parameters).mappings().one()
    first = row["first"] or {}
    keys = {name: first[name] for name in hop.keys if first}
    return HopResult(
        hop.name,
        hop.left_name,
        hop.right_name,
        row["cell_count"],
        row["difference_count"],
        row["left_total"],
        row["right_total"],
        keys,
        {name: first[f"left_{name}"] for name in hop.measures if first},
        {name: first[f"right_{name}"] for name in hop.measures if first},
        find_event(connection, keys, parameters) if hop.name == "facts" and first else "",
    )


def _instant(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat()


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)


_SET_RANGE = text(
    "select set_config('meterhouse.usage_from', :from_at, true),"
    " set_config('meterhouse.usage_to', :to_at, true)"
)
_LANDED = """
    select load_id from ops.loads
    where landed_at >= :from_at and landed_at < :to_at order by load_id
"""
_LANDED_LATE = """
    select load_id from ops.loads
    where landed_at > :from_at - interval '24 hours' order by load_id
"""
_WAITING = text("""
    select load_id from ops.loads
    where state = 'landed' and not exists (
        select from ops.applied_loads
        where model_name = 'fct_usage_events' and applied_loads.load_id = loads.load_id
    )
    order by load_id
""")
