"""Loads objects of a store, each content once, a bounded number of bytes on this disk at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from ingestion.contracts import NATIVE
from ingestion.files import KNOWN_SUFFIXES, SourceFile
from ingestion.load_reports import LoadReport, RefusedFilesError, merge_reports
from ingestion.loads import load_identified
from ingestion.mappings import Mapping, load_mapping
from ingestion.object_store.settings import ObjectStoreSettings
from ingestion.object_store.sightings import find_landed, record_contents
from ingestion.object_store.store import ObjectStore, StoredObject
from ingestion.outages import outlast_outages
from ingestion.readers.streams import RefusedFileError
from ingestion.ready_markers import check_sha256
from ingestion.settings import IngestionSettings
from ingestion.turns import only_loader
from warehouse import Problem, Role, Warehouse
from warehouse.crash_points import crash_point
from warehouse.progress import progress

DOOR = "object_store"
_GROUP_OBJECTS = 1000


def load_objects(
    warehouse: Warehouse,
    urls: Sequence[str],
    mapping: Mapping | Path | str | None = None,
    *,
    settings: IngestionSettings | None = None,
    store_settings: ObjectStoreSettings | None = None,
    may_be_empty: bool = False,
) -> LoadReport:
    """Loads objects as `load_files` loads files: by content, whatever they are called.

    Objects that were seen before as they are now, and landed, are not fetched again. The others are
    fetched in groups of at most `spool_bytes` (or a single larger object); each group is one load,
    and is off this disk before the next is fetched. What a killed run fetched counts for nothing.

    Args:
        warehouse: The warehouse.
        urls: Objects, prefixes and patterns, `s3://bucket/...`.
        mapping: How rows become events, or the YAML file that says so; None: native events.
        settings: Settings; from the environment when not given.
        store_settings: How the store is reached; from the environment when not given.
        may_be_empty: Whether it is fine that there is nothing.

    Returns:
        What was done; `load_id` is the last load.

    Raises:
        RefusedFilesError: Objects were refused whole (changed while they were read, cut off, not as
            the mapping or their marker says); the others have landed.
        MeterhouseError: Nothing is found, the mapping is wrong, the store refuses or is away, or
            Postgres failed; loads that were complete by then stay.
    """
    settings = settings or IngestionSettings()
    store_settings = store_settings or ObjectStoreSettings()
    known_mapping = mapping if isinstance(mapping, Mapping | None) else load_mapping(Path(mapping))
    run = _Run(warehouse, known_mapping, settings, store_settings)
    ready, waiting = run.find(urls, may_be_empty=may_be_empty)
    engine = warehouse.engine(Role.LOADER)
    with only_loader(engine, pipeline=DOOR):  # the spool is one loader's at a time
        run.clear_spool()
        landed = outlast_outages(
            engine,
            lambda: find_landed(
                engine,
                ready,
                endpoint_url=store_settings.endpoint_url,
                mapping_name=run.mapping_name,
            ),
            seconds=settings.outage_seconds,
        )
        known = LoadReport(
            None,
            run.mapping_name,
            known_files=tuple(item.url for item in ready if item in landed),
            waiting_files=tuple(item.url for item in waiting),
        )
        reports = [known]
        for group in _group(
            [item for item in ready if item not in landed], store_settings.spool_bytes
        ):
            reports.append(run.load(group))
            crash_point("objects.after_group")
    report = merge_reports(reports)
    if report.refused:
        raise RefusedFilesError(report)
    return report


class _Run:
    """One call under way."""

    def __init__(
        self,
        warehouse: Warehouse,
        mapping: Mapping | None,
        settings: IngestionSettings,
        store_settings: ObjectStoreSettings,
    ) -> None:
        self._warehouse = warehouse
        self._mapping = mapping
        self._settings = settings
        self._store_settings = store_settings
        self._store = ObjectStore(store_settings)
        self._spool = warehouse.state_dir / "object_spool"
        self.mapping_name = mapping.name if mapping else NATIVE

    def find(
        self, urls: Sequence[str], *, may_be_empty: bool
    ) -> tuple[list[StoredObject], list[StoredObject]]:
        """Finds what is ready and what waits for its marker, each object once."""
        ready: dict[StoredObject, None] = {}
        waiting: dict[StoredObject, None] = {}
        with progress().task("Listing objects", unit="objects") as task:
            for url in urls:
                found, without = self._store.find(
                    url,
                    file_format=self._mapping.format if self._mapping else None,
                    needs_marker=self._settings.ready_markers,
                    may_be_empty=may_be_empty,
                )
                ready.update(dict.fromkeys(found))
                waiting.update(dict.fromkeys(without))
                task.advance(len(found))
        return list(ready), list(waiting)

    def clear_spool(self) -> None:
        """Removes what a killed run fetched."""
        shutil.rmtree(self._spool, ignore_errors=True)

    def load(self, group: Sequence[StoredObject]) -> LoadReport:
        """Fetches some objects, loads them, and removes them from this disk."""
        self._spool.mkdir(parents=True)
        try:
            files, refused = self._fetch(group)
            crash_point("objects.after_fetch")
            return load_identified(
                self._warehouse,
                files,
                self._mapping,
                source=DOOR,
                settings=self._settings,
                refused=refused,
            )
        finally:
            self.clear_spool()

    def _fetch(self, group: Sequence[StoredObject]) -> tuple[list[SourceFile], list[Problem]]:
        files: list[SourceFile] = []
        refused: list[Problem] = []
        contents: dict[StoredObject, str] = {}
        total = sum(item.size_bytes for item in group)
        with (
            progress().task("Fetching objects", total=total, unit="bytes") as task,
            ThreadPoolExecutor(self._store_settings.fetch_workers) as pool,
        ):
            numbered = enumerate(group, start=1)
            pending = [
                (item, pool.submit(self._fetch_one, number, item)) for number, item in numbered
            ]
            try:
                for item, future in pending:
                    try:
                        files.append(future.result())
                        contents[item] = files[-1].sha256
                    except RefusedFileError as refusal:
                        refused.extend(refusal.problems)
                    task.advance(item.size_bytes)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        engine, url = self._warehouse.engine(Role.LOADER), self._store_settings.endpoint_url
        outlast_outages(
            engine,
            lambda: record_contents(engine, contents, endpoint_url=url),
            seconds=self._settings.outage_seconds,
        )
        return files, refused

    def _fetch_one(self, number: int, item: StoredObject) -> SourceFile:
        marker = self._store.read_marker(item) if self._settings.ready_markers else None
        path = self._spool / f"{number}{_known_ending(item.name)}"
        sha256 = self._store.fetch(item, path)
        check_sha256(item.url, marker, sha256)
        state = path.stat()
        return SourceFile(
            path, item.url, sha256, state.st_size, state.st_mtime_ns, item.url, marker
        )


def _group(items: Sequence[StoredObject], spool_bytes: int) -> Iterator[list[StoredObject]]:
    """Parts objects into groups that fit the spool; one that is larger stands alone."""
    group: list[StoredObject] = []
    size = 0
    for item in items:
        if group and (size + item.size_bytes > spool_bytes or len(group) == _GROUP_OBJECTS):
            yield group
            group, size = [], 0
        group.append(item)
        size += item.size_bytes
    if group:
        yield group


def _known_ending(name: str) -> str:
    """Returns the part of a name that tells format and compression, and nothing else of it."""
    endings = PurePosixPath(name).suffixes[-2:]
    return "".join(ending.lower() for ending in endings if ending.lower() in KNOWN_SUFFIXES)
