"""Loads usage files, each content once; safe to kill and to repeat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, text

from ingestion.batches import Batch, ReadAgainError, land_in_turn
from ingestion.contracts import NATIVE
from ingestion.files import SourceFile, check_read, expand_paths, identify_files, part_ready
from ingestion.landing import reading_folder
from ingestion.ledger import LoadKey, Unit, find_known, record_sightings
from ingestion.load_reports import LoadReport, RefusedFilesError
from ingestion.mappings import Mapping, load_mapping
from ingestion.outages import outlast_outages
from ingestion.parallel_reading import ParallelReader, WrittenBatch
from ingestion.readers.streams import RefusedFileError
from ingestion.reading import read_file
from ingestion.settings import IngestionSettings
from ingestion.turns import taking_turns
from ingestion.validator import Origin, file_prefix
from warehouse import Problem, Role, Warehouse
from warehouse.crash_points import crash_point
from warehouse.progress import progress


def load_files(
    warehouse: Warehouse,
    paths: Sequence[Path | str],
    mapping: Mapping | Path | str | None = None,
    *,
    source: str = "files",
    settings: IngestionSettings | None = None,
) -> LoadReport:
    """Loads usage files into `raw_usage`, each content once.

    Files whose content has landed before by the same mapping are passed over, whatever they are
    called now. All others become one load, which counts as landed in one transaction, once exactly
    its rows are there. A second process waits for the first. A run that was killed leaves nothing
    that counts, and the next call takes back what it left. Where Postgres goes away meanwhile, the
    load begins again once it is back.

    Args:
        warehouse: The warehouse.
        paths: Files, folders and patterns.
        mapping: How rows become events, or the YAML file that says so; None: native events.
        source: The door that the files came by, for the ledger.
        settings: Settings; from the environment when not given.

    Returns:
        What was done.

    Raises:
        RefusedFilesError: Files were refused whole (cut off, damaged, changing, not as the mapping
            or their marker says); the others have landed, and its `report` says so.
        MeterhouseError: Nothing is found, the mapping is wrong, or Postgres failed.
    """
    settings = settings or IngestionSettings()
    known_mapping = mapping if isinstance(mapping, Mapping | None) else load_mapping(Path(mapping))
    found = expand_paths(paths, file_format=known_mapping.format if known_mapping else None)
    waiting: list[Path] = []
    if settings.ready_markers:
        found, waiting = part_ready(found)
    files, refused = identify_files(found, with_markers=settings.ready_markers)
    crash_point("load.after_hash")
    report = load_identified(
        warehouse, files, known_mapping, source=source, settings=settings, refused=refused
    )
    report = replace(report, waiting_files=tuple(path.name for path in waiting))
    if report.refused:
        raise RefusedFilesError(report)
    return report


def load_identified(
    warehouse: Warehouse,
    files: Sequence[SourceFile],
    mapping: Mapping | None,
    *,
    source: str,
    settings: IngestionSettings,
    refused: Sequence[Problem] = (),
) -> LoadReport:
    """Loads files that are identified already, as one load.

    Args:
        warehouse: The warehouse.
        files: The files.
        mapping: How rows become events; None: native events.
        source: The door that the files came by, for the ledger.
        settings: Settings.
        refused: What was refused before, for the report.

    Returns:
        What was done, the refused files included.

    Raises:
        MeterhouseError: Postgres failed.
    """
    key = _describe_load(mapping, source=source)
    report = outlast_outages(
        warehouse.engine(Role.LOADER),
        lambda: _load_in_turn(warehouse, files, mapping, key, settings),
        seconds=settings.outage_seconds,
    )
    return replace(report, refused=(*refused, *report.refused))


def _load_in_turn(
    warehouse: Warehouse,
    files: Sequence[SourceFile],
    mapping: Mapping | None,
    key: LoadKey,
    settings: IngestionSettings,
) -> LoadReport:
    """Loads what is new among the files, while other loaders are kept out."""
    engine = warehouse.engine(Role.LOADER)
    with taking_turns(warehouse) as recovered:
        new, known = _split_known(engine, files, mapping_name=key.mapping_name)
        record_sightings(engine, known, mapping_name=key.mapping_name)
        outdated = _find_outdated(engine, known, key)
        with ParallelReader(
            processes=settings.read_processes, batch_bytes=settings.batch_bytes
        ) as readers:
            reading = _Files(new, mapping, settings, readers, warehouse.state_dir)
            landed = land_in_turn(warehouse, key, reading.read, settings=settings) if new else None
        return LoadReport(
            load_id=landed.load_id if landed else None,
            mapping_name=key.mapping_name,
            new_files=landed.units if landed else (),
            known_files=tuple(file.name for file in known),
            refused=tuple(reading.refused),
            rejected_by_reason=landed.rejected_by_reason if landed else {},
            recovered_loads=recovered,
            outdated_files=outdated,
        )


def _find_outdated(engine: Engine, files: Sequence[SourceFile], key: LoadKey) -> tuple[str, ...]:
    """Finds files that landed by another text of the mapping, and says that they stay as they are.

    To read them again would bring every event of them under the old meaning and the new one.
    """
    query = text(
        "select file_sha256 from ops.files inner join ops.loads using (load_id)"
        " where state = 'landed' and ops.files.mapping_name = :mapping_name"
        " and mapping_sha256 <> :mapping_sha256 and file_sha256 = any(:hashes)"
    )
    values = {
        "mapping_name": key.mapping_name,
        "mapping_sha256": key.mapping_sha256,
        "hashes": [file.sha256 for file in files],
    }
    with engine.connect() as connection:
        found = set(connection.execute(query, values).scalars())
    names = tuple(file.name for file in files if file.sha256 in found)
    if names:
        progress().note(
            f"{len(names)} files ({names[0]} is the first) landed by the mapping "
            f"{key.mapping_name} before it was edited, and are not read again. What it refused of "
            "them comes by quarantine replay --mapping; to read them whole, give the mapping "
            "another name"
        )
    return names


def _describe_load(mapping: Mapping | None, *, source: str) -> LoadKey:
    if mapping is None:
        return LoadKey(source=source, mapping_name=NATIVE, mapping_sha256="")
    return LoadKey(source=source, mapping_name=mapping.name, mapping_sha256=mapping.sha256)


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


class _Files:
    """The files of one load: those that turn out to be refused are left out from then on."""

    def __init__(
        self,
        files: Sequence[SourceFile],
        mapping: Mapping | None,
        settings: IngestionSettings,
        readers: ParallelReader,
        state_dir: Path,
    ) -> None:
        self._files = list(files)
        self._mapping = mapping
        self._settings = settings
        self._readers = readers
        self._state_dir = state_dir
        self.refused: list[Problem] = []

    def read(self, load_id: int) -> Iterator[Batch | WrittenBatch | Unit]:
        """Reads all files, one after another.

        Args:
            load_id: The load that they are read for.

        Yields:
            The batches of each file, then the file.

        Raises:
            ReadAgainError: A file is refused; it is left out the next time.
        """
        for number, file in enumerate(self._files, start=1):
            try:
                yield from self._read_one(file, Origin(load_id, number, file_prefix(file.sha256)))
            except RefusedFileError as refusal:
                named = (replace(problem, file=file.location) for problem in refusal.problems)
                self.refused.extend(named)
                self._files.remove(file)
                raise ReadAgainError from refusal

    def _read_one(self, file: SourceFile, origin: Origin) -> Iterator[Batch | WrittenBatch | Unit]:
        total = 0
        for batch in self._batches(file, origin):
            total += batch.line_count
            yield batch
        check_read(file, total)
        yield Unit(origin.file_number, file.name, file.sha256, file.size_bytes)

    def _batches(self, file: SourceFile, origin: Origin) -> Iterator[Batch | WrittenBatch]:
        if self._mapping is None and self._readers.is_worthwhile(file.path):
            folder = reading_folder(self._state_dir, load_id=origin.load_id)
            yield from self._readers.read(file.path, origin=origin, folder=folder)
            return
        batches = read_file(
            file.path,
            origin=origin,
            mapping=self._mapping,
            batch_bytes=self._settings.batch_bytes,
        )
        for verdicts, line_count in batches:
            yield Batch(origin.file_number, verdicts, line_count)
