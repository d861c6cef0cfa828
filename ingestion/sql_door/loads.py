"""Pulls a source and lands what is new, with the position, as one load."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy import Connection

from ingestion.batches import Batch, land_in_turn
from ingestion.ledger import LoadKey, Unit
from ingestion.load_reports import LoadReport
from ingestion.mapped_rows import map_rows
from ingestion.outages import outlast_outages
from ingestion.readers.parquet_rows import build_row_batch
from ingestion.settings import IngestionSettings
from ingestion.sql_door.cursors import (
    CursorValue,
    Position,
    find_landed_rows,
    go_back,
    list_positions,
    read_value,
    record_position,
)
from ingestion.sql_door.pulling import Pulled, pull_rows
from ingestion.sql_door.settings import SqlSettings, read_connection
from ingestion.sql_door.sources import SqlSource, load_source
from ingestion.sql_door.tables import PulledTable, check_table, explain_database_fault
from ingestion.turns import only_loader, taking_turns
from ingestion.validator import Origin, Verdicts
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.crash_points import crash_point

DOOR = "sql"
_BATCH_ROWS = 32_768
_PART_OF_ROW = r"^[^:]*:[0-9]+"


def pull_source(
    warehouse: Warehouse,
    source: SqlSource | Path,
    *,
    since: str = "",
    settings: IngestionSettings | None = None,
    sql_settings: SqlSettings | None = None,
) -> LoadReport:
    """Pulls the rows of a source that are new or changed, and lands them as one load.

    Each pull begins an overlap below the highest cursor value of the last one, so that rows that
    were committed late are found; rows of the overlap that have landed as they are stay out. The
    position is kept in the transaction that makes the load count. So a pull may be killed anywhere.
    Where our Postgres goes away meanwhile, it begins again at the stored position later.

    Args:
        warehouse: The warehouse.
        source: The source, or its YAML file.
        since: Read from this cursor value on, instead; what has landed stays out all the same.
        settings: Settings; from the environment when not given.
        sql_settings: Settings of this door; from the environment when not given.

    Returns:
        What was done; `load_id` is None when nothing is new.

    Raises:
        MeterhouseError: The source, its table or its database isn't as it should be, or our own
            Postgres failed; nothing has landed then.
    """
    source = load_source(source) if isinstance(source, Path) else source
    sql_settings = sql_settings or SqlSettings()
    settings = settings or IngestionSettings()
    engine = warehouse.engine(Role.LOADER)
    application = _connect(source)
    run = _Run(warehouse, application, source, since, sql_settings)

    def pull() -> LoadReport:
        with only_loader(engine, pipeline=f"{DOOR}:{source.name}"):
            return run.pull_and_land(settings)

    try:
        return outlast_outages(engine, pull, seconds=settings.outage_seconds)
    finally:
        application.dispose()


class _Run:
    """One pull under way."""

    def __init__(
        self,
        warehouse: Warehouse,
        application: sa.Engine,
        source: SqlSource,
        since: str,
        sql_settings: SqlSettings,
    ) -> None:
        self._warehouse = warehouse
        self._application = application
        self._source = source
        self._since = since
        self._chunk_rows = sql_settings.chunk_rows
        self._spool = warehouse.state_dir / "sql_spool" / source.name
        self._mapping = source.mapping

    def pull_and_land(self, settings: IngestionSettings) -> LoadReport:
        """Pulls and lands; the spool is this process's own meanwhile."""
        shutil.rmtree(self._spool, ignore_errors=True)
        self._spool.mkdir(parents=True)
        try:
            last, pulled = self._pull()
            crash_point("sql.after_pull")
            position = self._next_position(last, pulled)
            if position is None:
                return LoadReport(None, self._source.name)
            landed = self._land(settings, last, pulled, position)
            crash_point("sql.after_landing")
            return landed
        finally:
            shutil.rmtree(self._spool, ignore_errors=True)

    def _pull(self) -> tuple[Position | None, Pulled]:
        source, engine = self._source, self._warehouse.engine(Role.LOADER)
        with _explaining(source):
            table = check_table(self._application, source)
        positions = list_positions(engine, source.name, kind=table.cursor_kind)
        start = self._start(table, positions)
        known = find_landed_rows(engine, source.name, positions, start=start)
        with _explaining(source):
            pulled = pull_rows(
                self._application,
                source,
                table,
                start=start,
                known=known,
                path=self._spool / "rows.parquet",
                chunk_rows=self._chunk_rows,
            )
        return (positions[-1] if positions else None), pulled

    def _start(self, table: PulledTable, positions: Sequence[Position]) -> CursorValue | None:
        if self._since:
            try:
                return read_value(self._since, kind=table.cursor_kind)
            except ValueError as error:
                raise MeterhouseError(
                    f"{self._since!r} is no value of the column {self._source.cursor.column}.",
                    remedy="write it as 2026-09-01T00:00:00Z (without Z where the column has no "
                    "zone), or as a whole number",
                ) from error
        if not positions:
            return None
        cursor = self._source.cursor
        return go_back(positions[-1].high, duration=cursor.duration, steps=cursor.steps)

    def _next_position(self, last: Position | None, pulled: Pulled) -> Position | None:
        """Says how far this pull goes; None when there is nothing to land or to remember."""
        highs = [value for value in (pulled.high, last.high if last else None) if value is not None]
        if not highs:
            if pulled.row_count == 0:
                return None
            raise self._source.refuse(
                f"no row has a value in {self._source.cursor.column}",
                field="cursor",
                remedy="fill the column, or take another one",
            )
        high = max(highs)  # type: ignore[type-var]
        if pulled.row_count == 0 and last is not None and high == last.high:
            return None
        largest = high if pulled.largest is None else max(high, pulled.largest)  # type: ignore[type-var]
        return Position(0, high, largest, pulled.null_count)

    def _land(
        self,
        settings: IngestionSettings,
        last: Position | None,
        pulled: Pulled,
        position: Position,
    ) -> LoadReport:
        def record(connection: Connection, load_id: int) -> None:
            record_position(
                connection,
                self._source.name,
                Position(load_id, position.high, position.largest, position.null_count),
                row_count=pulled.row_count,
                after=last.load_id if last else None,
            )

        with taking_turns(self._warehouse) as recovered:
            landed = land_in_turn(
                self._warehouse,
                LoadKey(DOOR, self._mapping.name, self._mapping.sha256),
                lambda load_id: self._read(load_id, pulled),
                record=record,
                settings=settings,
                recovered_loads=recovered,
            )
        assert landed is not None  # noqa: S101  there is one unit always
        return LoadReport(
            load_id=landed.load_id,
            mapping_name=self._mapping.name,
            new_files=landed.units,
            rejected_by_reason=landed.rejected_by_reason,
            recovered_loads=landed.recovered_loads,
        )

    def _read(self, load_id: int, pulled: Pulled) -> Iterator[Batch | Unit]:
        origin = Origin(load_id=load_id, file_number=1, delivery_prefix="row")
        names = self._mapping.columns()
        first = 1
        with pq.ParquetFile(pulled.path) as file:
            for rows in file.iter_batches(batch_size=_BATCH_ROWS):
                columns = {name: rows.column(f"c{place}") for place, name in enumerate(names)}
                batch = build_row_batch(columns, first=first, count=rows.num_rows)
                verdicts = map_rows(batch, self._mapping, origin=origin)
                deliveries = rows.column("delivery")
                yield Batch(
                    1,
                    Verdicts(
                        _name_deliveries(verdicts.events, deliveries, first=first),
                        _name_deliveries(verdicts.rejected, deliveries, first=first),
                    ),
                    rows.num_rows,
                )
                first += rows.num_rows
        name = f"{self._source.name}: {self._source.table}"
        yield Unit(1, name, pulled.sha256, pulled.path.stat().st_size)


def _name_deliveries(table: pa.Table, deliveries: pa.Array, *, first: int) -> pa.Table:
    """Puts the row's own delivery id in the place of its number in the pull."""
    rows = pc.subtract(table["line_number"], first).combine_chunks()
    part = pc.replace_substring_regex(table["delivery_id"].combine_chunks(), _PART_OF_ROW, "")
    names = pc.binary_join_element_wise(deliveries.take(rows), part, "")
    place = table.schema.get_field_index("delivery_id")
    return table.set_column(place, table.schema.field(place), names)


def _connect(source: SqlSource) -> sa.Engine:
    try:
        url = sa.make_url(read_connection(source.connection))
    except sa.exc.ArgumentError as error:
        raise source.refuse(
            f"{source.connection} is no URL",
            field="connection",
            remedy="write it as postgresql://user:password@host:5432/database",
        ) from error
    if url.get_backend_name() != "postgresql":
        raise source.refuse(
            f"{source.connection} is a {url.get_backend_name()} database",
            field="connection",
            remedy="this door reads Postgres; export other databases to files",
        )
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg2"),
        isolation_level="REPEATABLE READ",
        connect_args={
            "options": "-c timezone=UTC -c datestyle=ISO -c default_transaction_read_only=on",
            "application_name": f"meterhouse:{source.name}",
            "connect_timeout": 10,
        },
    )


@contextmanager
def _explaining(source: SqlSource) -> Iterator[None]:
    """Says in words what the application's database refuses."""
    try:
        yield
    except Exception as error:
        fault = _find_database_fault(error)
        if fault is None:
            raise
        raise explain_database_fault(fault, source) from error


def _find_database_fault(error: BaseException | None) -> sa.exc.SQLAlchemyError | None:
    """Finds what the database said among the causes of dlt's error."""
    while error is not None and not isinstance(error, sa.exc.SQLAlchemyError):
        error = error.__cause__ or error.__context__
    return error
