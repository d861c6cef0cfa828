"""Loads usage files: identify, read, land, count, commit; safe to kill and to repeat."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from dlt.pipeline.exceptions import PipelineStepFailed
from sqlalchemy import Engine, text

from ingestion.files import SourceFile, check_unchanged, expand_paths, identify_files
from ingestion.landing import PIPELINE_NAME, Landing, landing_folder
from ingestion.ledger import (
    FileCounts,
    LoadKey,
    abort_load,
    delete_rows,
    find_known,
    find_unfinished,
    finish_load,
    only_loader,
    open_load,
    record_sightings,
)
from ingestion.load_reports import LoadReport, RefusedFilesError
from ingestion.mappings import Mapping, load_mapping
from ingestion.readers.streams import RefusedFileError
from ingestion.reading import read_file
from ingestion.settings import IngestionSettings
from ingestion.validator import Origin, Verdicts
from warehouse import MeterhouseError, Problem, Role, Warehouse
from warehouse.crash_points import crash_point
from warehouse.progress import Task, progress


def load_files(
    warehouse: Warehouse,
    paths: Sequence[Path | str],
    mapping: Mapping | Path | str | None = None,
    *,
    settings: IngestionSettings | None = None,
) -> LoadReport:
    """Loads usage files into `raw_usage`, each content once.

    Files whose content has landed before by the same mapping are passed over, whatever they are
    called now. All others become one load, which counts as landed in one transaction, once exactly
    its rows are there. A second process waits for the first. A run that was killed leaves nothing
    that counts, and the next call takes back what it left.

    Args:
        warehouse: The warehouse.
        paths: Files, folders and patterns.
        mapping: How rows become events, or the YAML file that says so; None: native events.
        settings: Settings; from the environment when not given.

    Returns:
        What was done.

    Raises:
        RefusedFilesError: Files were refused whole (cut off, damaged, changing, not as the mapping
            says); the others have landed, and its `report` says so.
        MeterhouseError: Nothing is found, the mapping is wrong, or Postgres failed.
    """
    settings = settings or IngestionSettings()
    known_mapping = mapping if isinstance(mapping, Mapping | None) else load_mapping(Path(mapping))
    found = expand_paths(paths, file_format=known_mapping.format if known_mapping else None)
    engine = warehouse.engine(Role.LOADER)
    with only_loader(engine, pipeline=PIPELINE_NAME):
        recovered = recover_loads(warehouse)
        files = identify_files(found)
        crash_point("load.after_hash")
        key = _describe_load(known_mapping)
        new, known = _split_known(engine, files, mapping_name=key.mapping_name)
        record_sightings(engine, known, mapping_name=key.mapping_name)
        run = _Run(warehouse, engine, key, known_mapping, settings)
        report = LoadReport(
            load_id=run.land(new) if new else None,
            mapping_name=key.mapping_name,
            new_files=tuple(run.counts),
            known_files=tuple(file.name for file in known),
            refused=tuple(run.refused),
            rejected_by_reason=dict(sorted(run.reasons.items())),
            recovered_loads=tuple(recovered),
        )
    if report.refused:
        raise RefusedFilesError(report)
    return report


def recover_loads(warehouse: Warehouse) -> list[int]:
    """Takes back what killed runs left: their raw rows, their working folders, their open loads.

    Only for a caller that keeps other loaders out (`only_loader`): an open load is a dead one then.

    Args:
        warehouse: The warehouse.

    Returns:
        The loads that were taken back.
    """
    engine = warehouse.engine(Role.LOADER)
    unfinished = find_unfinished(engine)
    for load_id in unfinished:
        abort_load(engine, load_id)
    shutil.rmtree(landing_folder(warehouse.state_dir, load_id=0).parent, ignore_errors=True)
    return unfinished


def _describe_load(mapping: Mapping | None) -> LoadKey:
    if mapping is None:
        return LoadKey(source="files", mapping_name="native", mapping_sha256="")
    return LoadKey(source="files", mapping_name=mapping.name, mapping_sha256=mapping.sha256)


def _split_known(
    engine: Engine, files: Sequence[SourceFile], *, mapping_name: str
) -> tuple[list[SourceFile], list[SourceFile]]:
    """Parts new files from those whose content has landed, or stands earlier in the list."""
    seen = find_known(engine, files, mapping_name=mapping_name)
    new: list[SourceFile] = []
    known: list[SourceFile] = []
    for file in files:
        (known if file.sha256 in seen else new).append(file)
        seen.add(file.sha256)
    return new, known


class _Run:
    """One load under way: what was counted, refused, and where it stands."""

    def __init__(
        self,
        warehouse: Warehouse,
        engine: Engine,
        key: LoadKey,
        mapping: Mapping | None,
        settings: IngestionSettings,
    ) -> None:
        self._warehouse = warehouse
        self._engine = engine
        self._key = key
        self._mapping = mapping
        self._settings = settings
        self.counts: list[FileCounts] = []
        self.refused: list[Problem] = []
        self.reasons: Counter[str] = Counter()

    def land(self, files: list[SourceFile]) -> int | None:
        """Lands files as one load; None when all of them were refused."""
        load_id = open_load(self._engine, self._key)
        crash_point("load.after_open")
        try:
            for _ in range(self._settings.load_attempts):
                files = self._land_once(load_id, files)
                if not files or self.counts:
                    break
        except BaseException:
            abort_load(self._engine, load_id)
            raise
        if not self.counts:
            abort_load(self._engine, load_id)
            if files:
                raise MeterhouseError(
                    f"Load {load_id} didn't land exactly the rows that were read: taken back.",
                    remedy="check the Postgres log, then run the same command again",
                )
            return None
        crash_point("load.after_commit")
        _summarize(self._engine)
        return load_id

    def _land_once(self, load_id: int, files: list[SourceFile]) -> list[SourceFile]:
        """Tries to land: fills `counts` if it worked. Returns the files that aren't refused."""
        landing = Landing(
            state_dir=self._warehouse.state_dir,
            load_id=load_id,
            url=self._warehouse.url(Role.LOADER),
            workers=self._settings.load_workers,
        )
        try:
            counts, files = self._extract(landing, load_id, files)
            if not files:
                return []
            crash_point("load.after_extract")
            with progress().task("Landing events", unit="events") as task:
                landing.normalize()
                crash_point("load.after_normalize")
                dlt_load_id = landing.load()
                task.advance(sum(file.received_count for file in counts))
            crash_point("load.after_landing")
        except PipelineStepFailed as error:
            raise MeterhouseError(
                f"Landing load {load_id} failed: {error.exception}",
                remedy="check that Postgres runs and has space, then run the same command again",
            ) from error
        finally:
            landing.remove()
        if finish_load(self._engine, load_id, key=self._key, files=counts, dlt_load_id=dlt_load_id):
            self.counts = counts
        else:
            with self._engine.begin() as connection:
                delete_rows(connection, load_id)
        return files

    def _extract(
        self, landing: Landing, load_id: int, files: list[SourceFile]
    ) -> tuple[list[FileCounts], list[SourceFile]]:
        """Extracts all files; begins again without a file that turns out to be refused."""
        while files:
            counts: list[FileCounts] = []
            self.reasons.clear()
            try:
                with progress().task("Reading events", unit="events") as task:
                    landing.extract(self._read(load_id, files, counts, task))
                return counts, files
            except PipelineStepFailed as error:
                refusal = _find_refusal(error)
                if refusal is None:
                    raise
                self.refused.extend(refusal.problems)
                files = [file for number, file in enumerate(files) if number != len(counts)]
                landing.reset()
        return [], []

    def _read(
        self, load_id: int, files: list[SourceFile], counts: list[FileCounts], task: Task
    ) -> Iterator[tuple[str, pa.Table]]:
        """Yields the tables of all files; `counts` holds the files that are read to their end."""
        for number, file in enumerate(files, start=1):
            origin = Origin(load_id=load_id, file_number=number, file_sha256=file.sha256)
            line_count = event_count = rejected_count = 0
            for verdicts, lines in self._read_one(file, origin):
                line_count += lines
                event_count += verdicts.events.num_rows
                rejected_count += verdicts.rejected.num_rows
                self.reasons.update(verdicts.rejected["reason"].to_pylist())
                task.advance(verdicts.received_count)
                yield "events", verdicts.events
                yield "rejected", verdicts.rejected
            check_unchanged(file)
            counts.append(FileCounts(file, number, line_count, event_count, rejected_count))

    def _read_one(self, file: SourceFile, origin: Origin) -> Iterator[tuple[Verdicts, int]]:
        return read_file(
            file.path,
            origin=origin,
            mapping=self._mapping,
            batch_bytes=self._settings.batch_bytes,
        )


def _find_refusal(error: BaseException | None) -> RefusedFileError | None:
    """Finds the refusal that stopped dlt, among the causes of its error."""
    while error is not None and not isinstance(error, RefusedFileError):
        error = error.__cause__
    return error


def _summarize(engine: Engine) -> None:
    """Lets readers find the new rows by load: VACUUM also summarizes the BRIN indexes."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum raw_usage.events, raw_usage.rejected"))
