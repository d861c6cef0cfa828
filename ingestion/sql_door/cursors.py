"""How far each source was pulled, and which of its rows have landed: kept with the loads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, text

from warehouse.errors import MeterhouseError

CursorValue = datetime | int
_ROWS = 50_000
_ROW_AND_PART = "^([^:]*:[^:]*:[^:]*):.*$"


@dataclass(frozen=True)
class Position:
    """How far a source was pulled by one load.

    Attributes:
        load_id: The load.
        high: Where the next pull starts from, less the overlap.
        largest: The largest cursor value that the load saw; beyond `high` if it lay in the future.
        null_count: Rows of it that had no cursor value.
    """

    load_id: int
    high: CursorValue
    largest: CursorValue
    null_count: int


def list_positions(engine: Engine, source_name: str, *, kind: str) -> list[Position]:
    """Lists how far the loads of a source went.

    Args:
        engine: Engine of the role that loads.
        source_name: The source.
        kind: Kind of its cursor: `instant`, `wall_clock` or `number`.

    Returns:
        One position for each landed load, the newest last.

    Raises:
        MeterhouseError: The positions are of another kind than the column is now.
    """
    query = text(
        "select load_id, cursor_high_value, cursor_max_value, null_cursor_count"
        " from ops.sql_cursors where source_name = :name order by load_id"
    )
    with engine.connect() as connection:
        rows = connection.execute(query, {"name": source_name}).all()
    try:
        return [
            Position(row[0], read_value(row[1], kind=kind), read_value(row[2], kind=kind), row[3])
            for row in rows
        ]
    except ValueError as error:
        raise MeterhouseError(
            f"The source {source_name} was pulled by another kind of cursor before: {error}",
            remedy="give the source a new name: its rows come again then, as duplicates by event "
            "id, and nothing is counted twice",
        ) from error


def read_value(written: str, *, kind: str) -> CursorValue:
    """Reads a cursor value as it is kept, or as a user gives it.

    Args:
        written: ISO 8601, with an offset where the column has a zone; or a whole number.
        kind: `instant`, `wall_clock` or `number`.

    Returns:
        The value.

    Raises:
        ValueError: It is none of this kind.
    """
    if kind == "number":
        return int(written)
    value = datetime.fromisoformat(written)
    if (value.tzinfo is None) != (kind == "wall_clock"):
        raise ValueError(f"{written} is not of the kind {kind}")
    return value


def write_value(value: CursorValue) -> str:
    """Writes a cursor value as it is kept."""
    return str(value) if isinstance(value, int) else value.isoformat()


def go_back(value: CursorValue, *, duration: timedelta | None, steps: int) -> CursorValue:
    """Returns the value that lies an overlap below another.

    Args:
        value: The value.
        duration: The overlap of a timestamp; None for numbers.
        steps: The overlap of a number.

    Returns:
        The lower value; the lowest that there is where it would be lower still.
    """
    if isinstance(value, int):
        return value - steps
    try:
        return value - (duration or timedelta())
    except OverflowError:
        return datetime.min.replace(tzinfo=value.tzinfo)


def find_landed_rows(
    engine: Engine, source_name: str, positions: Iterable[Position], *, start: CursorValue | None
) -> pa.Array:
    """Finds the rows that have landed, as far as a pull from `start` can meet them again.

    A row whose content is what it was has the cursor value that it had, so that the load which
    holds it saw a value as large. Loads that saw none need not be looked into.

    Args:
        engine: Engine of the role that loads.
        source_name: The source.
        positions: Its positions.
        start: Where the pull starts; None for everything.

    Returns:
        Delivery ids of rows, without the number of an event within its row.
    """
    loads = [
        position.load_id
        for position in positions
        if start is None or position.null_count or position.largest >= start  # type: ignore[operator]
    ]
    if not loads:
        return pa.array([], pa.string())
    parts = [
        f"select delivery_id from raw_usage.{table}"  # noqa: S608
        " where load_id = any(:loads) and starts_with(delivery_id, :prefix)"
        for table in ("events", "rejected")
    ]
    values = {"loads": loads, "prefix": f"{source_name}:"}
    with engine.connect().execution_options(yield_per=_ROWS) as connection:
        found = connection.execute(text(" union all ".join(parts)), values)
        chunks = [pa.array(list(rows), pa.string()) for rows in found.scalars().partitions(_ROWS)]
    landed = pa.concat_arrays(chunks) if chunks else pa.array([], pa.string())
    return pc.replace_substring_regex(landed, _ROW_AND_PART, r"\1")


def record_position(
    connection: Connection,
    source_name: str,
    position: Position,
    *,
    row_count: int,
    after: int | None,
) -> None:
    """Records how far a load went, in the transaction that makes it count.

    Args:
        connection: The transaction.
        source_name: The source.
        position: How far.
        row_count: Rows that the load holds.
        after: The load whose position the pull started from; None for none.

    Raises:
        MeterhouseError: Another process has pulled the source meanwhile.
    """
    query = text("select max(load_id) from ops.sql_cursors where source_name = :name")
    newest = connection.execute(query, {"name": source_name}).scalar()
    if newest != after:
        raise MeterhouseError(
            f"Another process has pulled the source {source_name} meanwhile (load {newest}).",
            remedy="run the same command again",
        )
    statement = text(
        "insert into ops.sql_cursors (source_name, load_id, cursor_high_value, cursor_max_value,"
        " row_count, null_cursor_count) values (:name, :load_id, :high, :largest, :rows, :nulls)"
    )
    values = {
        "name": source_name,
        "load_id": position.load_id,
        "high": write_value(position.high),
        "largest": write_value(position.largest),
        "rows": row_count,
        "nulls": position.null_count,
    }
    connection.execute(statement, values)
