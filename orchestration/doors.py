"""Loads what waits at every door that is configured; a door that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ingestion.collector.landing import land_segments
from ingestion.files import guess_format
from ingestion.kafka.consuming import ConsumeReport
from ingestion.load_reports import LoadReport, RefusedFilesError
from ingestion.loads import load_files
from ingestion.object_store.loads import load_objects
from ingestion.object_store.settings import ObjectStoreSettings
from ingestion.ready_markers import is_complete_name
from ingestion.settings import IngestionSettings
from ingestion.sql_door.loads import pull_source
from ingestion.sql_door.sources import list_sources
from orchestration.kafka import consume_waiting
from orchestration.settings import OrchestrationSettings
from warehouse import MeterhouseError, Problem, Warehouse


@dataclass(frozen=True)
class Landed:
    """What came of all doors.

    Attributes:
        reports: What each door of files that had something did.
        consumed: What was read from Kafka.
        faults: What was refused, and which doors could not be read at all.
    """

    reports: tuple[LoadReport, ...]
    consumed: ConsumeReport = field(default_factory=ConsumeReport)
    faults: tuple[Problem, ...] = ()


def load_waiting(warehouse: Warehouse, *, mapping: str, settings: IngestionSettings) -> Landed:
    """Loads what waits at the doors, one after another.

    Args:
        warehouse: The warehouse.
        mapping: Mapping file for the inbox; empty: that of the settings.
        settings: How files are read.

    Returns:
        What was done and what could not be.
    """
    places = OrchestrationSettings()
    chosen = Path(mapping) if mapping else places.mapping
    doors: dict[str, Callable[[], LoadReport | None]] = {
        "the inbox": lambda: _load_inbox(warehouse, places.inbox, chosen, settings),
        "the object store": lambda: _load_bucket(warehouse, chosen, settings),
        "the collector": lambda: land_segments(warehouse),
    }
    reports: list[LoadReport] = []
    faults: list[Problem] = []
    try:
        for path in list_sources():
            doors[str(path)] = partial(pull_source, warehouse, path, settings=settings)
    except MeterhouseError as error:
        faults.append(Problem(error.message, error.remedy, file="the SQL sources"))
    for name, door in doors.items():
        try:
            report = door()
        except RefusedFilesError as refusal:
            report = refusal.report
            faults.extend(refusal.problems)
        except MeterhouseError as error:
            report = None
            faults.extend(error.problems or [Problem(error.message, error.remedy, file=name)])
        if report is not None:
            reports.append(report)
    consumed = ConsumeReport()
    try:
        consumed = consume_waiting(warehouse)
    except MeterhouseError as error:
        faults.append(Problem(error.message, error.remedy, file="Kafka"))
    return Landed(tuple(reports), consumed, tuple(faults))


def _load_inbox(
    warehouse: Warehouse, inbox: Path, mapping: Path | None, settings: IngestionSettings
) -> LoadReport | None:
    inbox.mkdir(parents=True, exist_ok=True)
    if not any(is_complete_name(path.name) and guess_format(path) for path in inbox.iterdir()):
        return None
    return load_files(warehouse, [inbox], mapping, settings=settings)


def _load_bucket(
    warehouse: Warehouse, mapping: Path | None, settings: IngestionSettings
) -> LoadReport | None:
    store = ObjectStoreSettings()
    if not store.inbox:
        return None
    return load_objects(
        warehouse,
        [store.inbox],
        mapping,
        settings=settings,
        store_settings=store,
        may_be_empty=True,
    )
