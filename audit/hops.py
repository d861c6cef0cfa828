"""A hop of usage: two relations that must hold the same, and the SQL that compares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import TextClause, text

# where a range of days is asked for, these become the loads that it needs, so that no other is read
LANDED = "/* landed in the range */ true"
LANDED_LATE = "/* landed since the range began */ true"
_CELL = {"customer_id", "meter_id"}
# an aggregate of theirs still holds what facts do not: a build was stopped in between
_WAITING_CUSTOMERS = """
    select customer_id from ops.event_retractions as retractions
    where (
        select count(*) from ops.applied_loads as applied
        where applied.load_id = retractions.decided_load_id
            and applied.model_name like '%.retractions'
    ) between 1 and 7
"""


@dataclass(frozen=True)
class Hop:
    """Two relations that must hold the same.

    Attributes:
        name: What it is called.
        left_name: What the first side is.
        right_name: What the second side is.
        keys: Columns by which the sides are joined; never null.
        measures: Columns that must be equal, the counting one first; no row stands for zero.
        left: SELECT of the first side.
        right: SELECT of the second side.
    """

    name: str
    left_name: str
    right_name: str
    keys: tuple[str, ...]
    measures: tuple[str, ...]
    left: str
    right: str


def typed(statement: str) -> TextClause:
    """Makes a statement whose bounds `:from_at` and `:to_at` are instants.

    Args:
        statement: The SQL.

    Returns:
        The statement; bounds are given to it as text.
    """
    for name in (":from_at", ":to_at"):
        statement = statement.replace(name, f"cast({name} as timestamptz)")
    return text(statement)


def restricted(statement: str, *, landed: Sequence[int], late: Sequence[int]) -> str:
    """Makes a statement read the rows of some loads only.

    Args:
        statement: The SQL of a hop.
        landed: Loads that landed in the range.
        late: Loads that landed since it began; an accepted event of the range is in one of them.

    Returns:
        The statement.
    """
    for mark, loads in ((LANDED, landed), (LANDED_LATE, late)):
        listed = ", ".join(str(load) for load in loads) or "null"
        statement = statement.replace(mark, f"load_id in ({listed})")
    return statement


def compare_sql(hop: Hop) -> str:
    """Writes the comparison of a hop: one row of totals, with the first difference by its keys.

    Args:
        hop: The hop.

    Returns:
        A SELECT of `cell_count`, `difference_count`, `left_total`, `right_total` and `first`.
    """
    # the greatest of nothing is not zero: it differs from the greatest of something
    sides = [
        f"{_or_zero(side, measure)} as {side}_{measure}"
        for measure in hop.measures
        for side in ("left", "right")
    ]
    differs = " or ".join(
        f"{_or_zero('left', measure)} is distinct from {_or_zero('right', measure)}"
        for measure in hop.measures
    )
    keys = ", ".join(hop.keys)
    waiting = (
        f"where customer_id not in ({_WAITING_CUSTOMERS})"
        if set(hop.keys).issuperset(_CELL)
        else ""
    )
    counting = hop.measures[0]
    return f"""
        with left_side as ({hop.left}),
        right_side as ({hop.right}),
        cells as materialized (
            select {keys}, {", ".join(sides)}, {differs} as differs
            from left_side full outer join right_side using ({keys})
            {waiting}
        )
        select count(*) as cell_count,
            count(*) filter (where differs) as difference_count,
            coalesce(sum(left_{counting}), 0)::bigint as left_total,
            coalesce(sum(right_{counting}), 0)::bigint as right_total,
            (
                select row_to_json(wrong)
                from (select * from cells where differs order by {keys} limit 1) as wrong
            ) as first
        from cells
    """  # noqa: S608


def _or_zero(side: str, measure: str) -> str:
    column = f"{side}_side.{measure}"
    return column if measure == "quantity_max" else f"coalesce({column}, 0)"
