"""Lands the ready segments of a spool, and clears away what has landed."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ingestion.collector.settings import CollectorSettings
from ingestion.collector.spool import LANDED_FOLDER, list_ready
from ingestion.contracts import NATIVE
from ingestion.files import identify_files
from ingestion.ledger import find_known
from ingestion.load_reports import LoadReport
from ingestion.loads import load_files
from ingestion.outages import outlast_outages
from ingestion.settings import IngestionSettings
from warehouse import Role, Warehouse


def land_segments(
    warehouse: Warehouse, settings: CollectorSettings | None = None
) -> LoadReport | None:
    """Loads all ready segments, each once; safe to kill and to repeat.

    Segments that have landed move to the folder `landed` of the spool, and are removed from there
    after `landed_hours`.

    Args:
        warehouse: The warehouse.
        settings: Settings of the collector; from the environment when not given.

    Returns:
        What was done; None when no segment was ready.

    Raises:
        RefusedFilesError: A segment was damaged on the disk; the others have landed.
        MeterhouseError: Postgres failed; nothing is cleared away.
    """
    settings = settings or CollectorSettings()
    segments = list_ready(settings.spool)
    report = None
    if segments:
        try:
            report = load_files(warehouse, segments, source="collector")
        finally:
            _set_landed_aside(warehouse, segments)
    _remove_old(settings.spool / LANDED_FOLDER, keep_seconds=settings.landed_hours * 3600)
    return report


def _set_landed_aside(warehouse: Warehouse, segments: list[Path]) -> None:
    files, _ = identify_files(segments)
    engine = warehouse.engine(Role.LOADER)
    known = outlast_outages(
        engine,
        lambda: find_known(engine, files, mapping_name=NATIVE),
        seconds=IngestionSettings().outage_seconds,
    )
    for file in files:
        if file.sha256 in known:
            folder = file.path.parent / LANDED_FOLDER
            folder.mkdir(exist_ok=True)
            file.path.replace(folder / file.name)
            os.utime(folder / file.name)


def _remove_old(folder: Path, *, keep_seconds: int) -> None:
    if not folder.is_dir():
        return
    oldest_ns = time.time_ns() - keep_seconds * 10**9
    for path in folder.iterdir():
        if path.stat().st_mtime_ns <= oldest_ns:
            path.unlink()
