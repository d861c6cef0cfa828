"""The ledger of loads and their units: what landed, from which bytes, and whether whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from ingestion.files import SourceFile
from ingestion.outages import ConnectionLostError
from warehouse.crash_points import crash_point

_RAW_TABLES = ("events", "rejected")


@dataclass(frozen=True)
class Unit:
    """One thing that was read: a file, a range of a partition, a range of a table.

    Attributes:
        number: Its number within the load, from 1.
        name: What it is called in the ledger.
        sha256: What identifies it, 64 hexadecimal digits; of a file: the SHA-256 of its bytes.
        size_bytes: Its size as it was read.
    """

    number: int
    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class UnitCounts:
    """What one unit gave.

    Attributes:
        unit: The unit.
        line_count: Lines, rows or messages in it, blank ones included.
        event_count: Deliveries that are events.
        rejected_count: Deliveries that are none.
    """

    unit: Unit
    line_count: int
    event_count: int
    rejected_count: int

    @property
    def received_count(self) -> int:
        """Deliveries: events and rejected ones."""
        return self.event_count + self.rejected_count


@dataclass(frozen=True)
class LoadKey:
    """What a load reads, apart from its units.

    Attributes:
        source: The door: `files`, `object_store`, `collector`, `kafka`, `sql` or `replay`.
        mapping_name: Name of the mapping; a file is known per mapping.
        mapping_sha256: SHA-256 of the mapping's file; empty for the built-in one.
    """

    source: str
    mapping_name: str
    mapping_sha256: str


def find_known(engine: Engine, files: Sequence[SourceFile], *, mapping_name: str) -> set[str]:
    """Finds which files have landed already, by content.

    Args:
        engine: Engine of the role that loads.
        files: The files.
        mapping_name: The mapping that they are read by.

    Returns:
        The SHA-256 of those that a landed load holds.
    """
    query = text(
        "select file_sha256 from ops.files inner join ops.loads using (load_id)"
        " where state = 'landed' and ops.files.mapping_name = :mapping_name"
        " and file_sha256 = any(:hashes)"
    )
    values = {"mapping_name": mapping_name, "hashes": [file.sha256 for file in files]}
    with engine.connect() as connection:
        return set(connection.execute(query, values).scalars())


def record_sightings(engine: Engine, files: Sequence[SourceFile], *, mapping_name: str) -> None:
    """Records that files were offered again.

    Args:
        engine: Engine of the role that loads.
        files: The files; may be none.
        mapping_name: The mapping that they would be read by.
    """
    statement = text(
        "insert into ops.file_sightings (file_sha256, mapping_name, file_name)"
        " values (:file_sha256, :mapping_name, :file_name)"
    )
    rows = [
        {"file_sha256": file.sha256, "mapping_name": mapping_name, "file_name": file.name}
        for file in files
    ]
    if rows:
        with engine.begin() as connection:
            connection.execute(statement, rows)


def open_load(engine: Engine, key: LoadKey) -> int:
    """Opens a load: its rows may land from now on, and count for nothing until it is landed.

    Args:
        engine: Engine of the role that loads.
        key: What it reads.

    Returns:
        The load's id.
    """
    statement = text(
        "insert into ops.loads (state, source, mapping_name, mapping_sha256)"
        " values ('landing', :source, :mapping_name, :mapping_sha256) returning load_id"
    )
    with engine.begin() as connection:
        return connection.execute(statement, vars(key)).scalar_one()


def find_unfinished(engine: Engine) -> list[int]:
    """Finds the loads that were opened and neither landed nor aborted.

    Args:
        engine: Engine of the role that loads.

    Returns:
        Their ids.
    """
    query = text("select load_id from ops.loads where state = 'landing' order by load_id")
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def abort_load(engine: Engine, load_id: int) -> bool:
    """Takes back a load that isn't landed: its rows go, and it is marked aborted.

    What it finds is final: it waits for a transaction whose COMMIT is under way although nobody
    waits for the reply any more, and for a server process that may still be finishing a COPY of a
    killed loader.

    Args:
        engine: Engine of the role that loads.
        load_id: The load.

    Returns:
        Whether nothing of it counts; False when it has landed, which leaves it as it is.
    """
    values = {"load_id": load_id}
    with engine.begin() as connection:
        found = text("select state from ops.loads where load_id = :load_id for no key update")
        state = connection.execute(found, values).scalar_one()
        if state != "landed":  # rows may have come after another process has taken it back
            delete_rows(connection, load_id)
            connection.execute(
                text("update ops.loads set state = 'aborted' where load_id = :load_id"), values
            )
    return state != "landed"


def delete_rows(connection: Connection, load_id: int) -> None:
    """Deletes the raw rows of a load that isn't landed.

    Args:
        connection: A transaction of the role that loads.
        load_id: The load.
    """
    for table in _RAW_TABLES:
        connection.execute(text(f"lock table raw_usage.{table} in share row exclusive mode"))
        connection.execute(
            text(
                f"delete from raw_usage.{table} where load_id = :load_id and exists ("  # noqa: S608
                "select from ops.loads where load_id = :load_id and state <> 'landed')"
            ),
            {"load_id": load_id},
        )


def count_rows(connection: Connection, load_id: int) -> dict[str, int]:
    """Counts the rows of a load that are in the warehouse.

    Args:
        connection: A transaction of the role that loads.
        load_id: The load.

    Returns:
        Table name, `events` or `rejected`, to number of rows.
    """
    return {
        table: connection.execute(
            text(f"select count(*) from raw_usage.{table} where load_id = :load_id"),  # noqa: S608
            {"load_id": load_id},
        ).scalar_one()
        for table in _RAW_TABLES
    }


def finish_load(
    engine: Engine,
    load_id: int,
    *,
    key: LoadKey,
    units: Sequence[UnitCounts],
    dlt_load_id: str,
    record: Callable[[Connection, int], None] | None = None,
) -> bool:
    """Marks a load landed, in one transaction with its units, if exactly its rows are there.

    Args:
        engine: Engine of the role that loads.
        load_id: The load.
        key: What it read.
        units: What each unit gave.
        dlt_load_id: dlt's id of the package.
        record: Writes what the door itself keeps of the load, in the same transaction.

    Returns:
        Whether the load is landed; False when there are more or fewer rows than were read, in which
        case nothing was changed.

    Raises:
        ConnectionLostError: The load was taken back by another process, which got the lock that
            this one had lost.
    """
    expected = {
        "events": sum(unit.event_count for unit in units),
        "rejected": sum(unit.rejected_count for unit in units),
    }
    with engine.begin() as connection:
        if count_rows(connection, load_id) != expected:
            return False
        connection.execute(_INSERT_FILE, [_describe_unit(unit, load_id, key) for unit in units])
        updated = connection.execute(
            _MARK_LANDED,
            {"load_id": load_id, "dlt_load_id": dlt_load_id, **expected},
        )
        if updated.rowcount != 1:
            raise ConnectionLostError(
                f"Load {load_id} was taken back by another process while it was landing.",
                remedy="run the same command again",
            )
        if record is not None:
            record(connection, load_id)
        crash_point("load.before_commit")
    return True


_INSERT_FILE = text(
    "insert into ops.files (file_sha256, mapping_name, load_id, file_number, file_name, size_bytes,"
    " line_count, received_count, event_count, rejected_count) values (:file_sha256, :mapping_name,"
    " :load_id, :file_number, :file_name, :size_bytes, :line_count, :received_count, :event_count,"
    " :rejected_count)"
)
_MARK_LANDED = text(
    "update ops.loads set state = 'landed', landed_at = now(), dlt_load_id = :dlt_load_id,"
    " received_count = :events + :rejected, event_count = :events, rejected_count = :rejected"
    " where load_id = :load_id and state = 'landing'"
)


def _describe_unit(counts: UnitCounts, load_id: int, key: LoadKey) -> dict[str, object]:
    return {
        "file_sha256": counts.unit.sha256,
        "mapping_name": key.mapping_name,
        "load_id": load_id,
        "file_number": counts.unit.number,
        "file_name": counts.unit.name,
        "size_bytes": counts.unit.size_bytes,
        "line_count": counts.line_count,
        "received_count": counts.received_count,
        "event_count": counts.event_count,
        "rejected_count": counts.rejected_count,
    }
