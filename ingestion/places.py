"""Loads from places of any kind: local files, folders and patterns, and those of object stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ingestion.load_reports import LoadReport, RefusedFilesError, merge_reports
from ingestion.loads import load_files
from ingestion.mappings import Mapping, load_mapping
from ingestion.object_store.loads import load_objects
from ingestion.object_store.store import is_url
from ingestion.settings import IngestionSettings
from warehouse import MeterhouseError, Warehouse


def load_places(
    warehouse: Warehouse,
    places: Sequence[str],
    mapping: Mapping | Path | str | None = None,
    *,
    settings: IngestionSettings | None = None,
) -> LoadReport:
    """Loads local places by `load_files` and `s3://` places by `load_objects`.

    Args:
        warehouse: The warehouse.
        places: Files, folders, patterns, objects and prefixes.
        mapping: How rows become events, or the YAML file that says so; None: native events.
        settings: Settings; from the environment when not given.

    Returns:
        What was done; `load_id` is the last load.

    Raises:
        RefusedFilesError: Files or objects were refused whole; the others have landed.
        MeterhouseError: As `load_files` and `load_objects` say.
    """
    known = mapping if isinstance(mapping, Mapping | None) else load_mapping(Path(mapping))
    local = [place for place in places if not is_url(place)]
    remote = [place for place in places if is_url(place)]
    calls: list[Callable[[], LoadReport]] = []
    if local:
        calls.append(lambda: load_files(warehouse, local, known, settings=settings))
    if remote:
        calls.append(lambda: load_objects(warehouse, remote, known, settings=settings))
    if not calls:
        raise MeterhouseError("No file is named.", remedy="name at least one file or folder")
    reports = []
    for call in calls:
        try:
            reports.append(call())
        except RefusedFilesError as error:
            reports.append(error.report)
    report = merge_reports(reports)
    if report.refused:
        raise RefusedFilesError(report)
    return report
