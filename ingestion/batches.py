"""Lands what a door reads: open a load, read, land, count, commit; safe to kill and to repeat.

A door gives units (files, partitions, tables), each in batches. How it reads them is its own
matter: what counts here is what a batch holds and what a unit is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from dlt.pipeline.exceptions import PipelineStepFailed
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ingestion.landing import Landing
from ingestion.landing_faults import explain_landing_fault, find_cause
from ingestion.ledger import (
    LoadKey,
    Unit,
    UnitCounts,
    abort_load,
    delete_rows,
    finish_load,
    open_load,
)
from ingestion.load_reports import BatchesReport
from ingestion.outages import is_lost, is_outage, outlast_outages
from ingestion.parallel_reading import WrittenBatch
from ingestion.settings import IngestionSettings
from ingestion.turns import taking_turns
from ingestion.validator import Verdicts
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.crash_points import crash_point
from warehouse.progress import Task, progress


@dataclass(frozen=True)
class Batch:
    """Some deliveries of one unit.

    Attributes:
        unit_number: Number of the unit within the load, from 1.
        verdicts: What the deliveries became.
        line_count: Lines, rows or messages that they stand for, blank ones included.
    """

    unit_number: int
    verdicts: Verdicts
    line_count: int

    @property
    def events(self) -> pa.Table:
        """Rows of `EVENTS_SCHEMA`."""
        return self.verdicts.events

    @property
    def event_count(self) -> int:
        """Number of events."""
        return self.verdicts.events.num_rows

    @property
    def rejected(self) -> pa.Table:
        """Rows of `REJECTED_SCHEMA`."""
        return self.verdicts.rejected


# Yields, for each unit, its batches and then the unit itself, which says that it was read whole.
Read = Callable[[int], Iterable[Batch | WrittenBatch | Unit]]
Record = Callable[[Connection, int], None]


class ReadAgainError(Exception):
    """Raised by `read` of a door: what was read so far must not land, and it is to be read again.

    The door has to give less the next time, else this has no end.
    """


def land_batches(
    warehouse: Warehouse,
    key: LoadKey,
    read: Read,
    *,
    record: Record | None = None,
    settings: IngestionSettings | None = None,
) -> BatchesReport | None:
    """Lands what a door reads as one load, exactly once.

    Waits until no other process loads. The load counts as landed in one transaction, once exactly
    its rows are there; what the door records is part of it. A run that was killed leaves nothing
    that counts, and the next one takes back what it left. Where Postgres goes away meanwhile, it
    begins again once it is back, unless the load is found to have landed.

    Args:
        warehouse: The warehouse.
        key: What the load is, the door included.
        read: Reads the units of a load, given its id; it may be called more than once, and then has
            to give the same again.
        record: Writes the door's own ledger rows, given the transaction and the load's id; what it
            raises takes the load back. It must refuse what another load has brought meanwhile.
        settings: Settings; from the environment when not given.

    Returns:
        What landed; None when `read` gave no unit, which leaves an aborted load.

    Raises:
        MeterhouseError: As `read` or `record` raised it, or Postgres failed.
    """
    settings = settings or IngestionSettings()

    def land() -> BatchesReport | None:
        with taking_turns(warehouse) as recovered:
            return land_in_turn(
                warehouse, key, read, record=record, settings=settings, recovered_loads=recovered
            )

    return outlast_outages(warehouse.engine(Role.LOADER), land, seconds=settings.outage_seconds)


def land_in_turn(
    warehouse: Warehouse,
    key: LoadKey,
    read: Read,
    *,
    record: Record | None = None,
    settings: IngestionSettings | None = None,
    recovered_loads: tuple[int, ...] = (),
) -> BatchesReport | None:
    """Does what `land_batches` does, within `taking_turns`; whether to begin again is the caller's.

    Args:
        warehouse: The warehouse.
        key: What the load is, the door included.
        read: Reads the units of a load.
        record: Writes the door's own ledger rows.
        settings: Settings; from the environment when not given.
        recovered_loads: What `taking_turns` gave, for the report.

    Returns:
        What landed; None when `read` gave no unit.

    Raises:
        MeterhouseError: As `read` or `record` raised it, or Postgres failed.
    """
    run = _Run(warehouse, key, read, record, settings or IngestionSettings())
    load_id = run.land()
    if load_id is None:
        return None
    reasons = dict(sorted(run.reasons.items()))
    return BatchesReport(load_id, tuple(run.units), reasons, recovered_loads)


class _Run:
    """One load under way: what was counted, and where it stands."""

    def __init__(
        self,
        warehouse: Warehouse,
        key: LoadKey,
        read: Read,
        record: Record | None,
        settings: IngestionSettings,
    ) -> None:
        self._warehouse = warehouse
        self._engine = warehouse.engine(Role.LOADER)
        self._key = key
        self._read = read
        self._record = record
        self._settings = settings
        self.units: list[UnitCounts] = []
        self.reasons: Counter[str] = Counter()

    def land(self) -> int | None:
        """Lands what is read as one load; None when nothing was."""
        load_id = open_load(self._engine, self._key)
        crash_point("load.after_open")
        try:
            for _ in range(self._settings.load_attempts):
                if self._land_once(load_id) or not self.units:
                    break
            else:
                raise MeterhouseError(
                    f"Load {load_id} didn't land exactly the rows that were read: taken back.",
                    remedy="check the Postgres log, then run the same command again",
                )
        except BaseException as error:
            if self._take_back(load_id, error):
                raise
        if not self.units:
            abort_load(self._engine, load_id)
            return None
        crash_point("load.after_commit")
        _summarize(self._engine)
        return load_id

    def _take_back(self, load_id: int, error: BaseException) -> bool:
        """Takes the load back. Returns False where it has landed: only the reply was lost."""
        if not is_lost(error):
            return abort_load(self._engine, load_id)
        return outlast_outages(
            self._engine,
            lambda: abort_load(self._engine, load_id),
            seconds=self._settings.outage_seconds,
        )

    def _land_once(self, load_id: int) -> bool:
        """Tries to land. Returns whether it worked; there is nothing to land without `units`."""
        landing = Landing(
            state_dir=self._warehouse.state_dir,
            load_id=load_id,
            url=self._warehouse.url(Role.LOADER),
            workers=self._settings.load_workers,
        )
        try:
            self._extract(landing, load_id)
            if not self.units:
                return False
            crash_point("load.after_extract")
            with progress().task("Landing events", unit="events") as task:
                landing.normalize()
                crash_point("load.after_normalize")
                dlt_load_id = landing.load()
                task.advance(sum(unit.received_count for unit in self.units))
            crash_point("load.after_landing")
        except PipelineStepFailed as error:
            own = find_cause(error, MeterhouseError)
            if own is not None:
                raise own from error
            raise explain_landing_fault(
                error, what=f"load {load_id}", folder=self._warehouse.state_dir
            ) from error
        finally:
            landing.remove()
        if finish_load(
            self._engine,
            load_id,
            key=self._key,
            units=self.units,
            dlt_load_id=dlt_load_id,
            record=self._record,
        ):
            return True
        with self._engine.begin() as connection:
            delete_rows(connection, load_id)
        return False

    def _extract(self, landing: Landing, load_id: int) -> None:
        """Extracts all units; begins anew as often as the door wants to read again."""
        while True:
            self.units = []
            self.reasons.clear()
            try:
                with progress().task("Reading events", unit="events") as task:
                    landing.extract(self._tables(load_id, task))
                return
            except PipelineStepFailed as error:
                if find_cause(error, ReadAgainError) is None:
                    raise
                landing.reset()

    def _tables(self, load_id: int, task: Task) -> Iterator[tuple[str, pa.Table | Path]]:
        """Yields the tables of all units; `units` holds those that are read to their end."""
        open_units: dict[int, Counter[str]] = {}
        for item in self._read(load_id):
            if isinstance(item, Unit):
                counts = open_units.pop(item.number, Counter())
                self.units.append(
                    UnitCounts(item, counts["lines"], counts["events"], counts["rejected"])
                )
                continue
            open_units.setdefault(item.unit_number, Counter()).update(
                lines=item.line_count,
                events=item.event_count,
                rejected=item.rejected.num_rows,
            )
            self.reasons.update(item.rejected["reason"].to_pylist())
            task.advance(item.event_count + item.rejected.num_rows)
            if item.events is not None:
                yield "events", item.events
            yield "rejected", item.rejected
        if open_units:
            numbers = ", ".join(map(str, open_units))
            raise AssertionError(f"a door didn't say that unit {numbers} was read whole")


def _summarize(engine: Engine) -> None:
    """Lets readers find the new rows by load: VACUUM also summarizes the BRIN indexes."""
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum raw_usage.events, raw_usage.rejected"))
    except DBAPIError as error:
        if not is_outage(error):  # the load has landed; summaries come with the next one
            raise
