"""Files that are offered for loading: found, identified by their content, watched for change."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.readers.streams import RefusedFileError, refuse_file
from ingestion.ready_markers import (
    ReadyMarker,
    check_lines,
    check_sha256,
    is_complete_name,
    is_marked,
    read_marker,
)
from warehouse.errors import MeterhouseError, Problem
from warehouse.progress import progress

_SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
_COMPRESSIONS = {".gz", ".zst"}
KNOWN_SUFFIXES = frozenset({*_SUFFIXES, *_COMPRESSIONS})
"""The suffixes that tell a format or a compression."""
_READ_BYTES = 4 << 20


@dataclass(frozen=True)
class SourceFile:
    """A file as it was when it was identified.

    Attributes:
        path: Where it is.
        name: Its name, as it is recorded.
        sha256: SHA-256 of its bytes as they stand, 64 hexadecimal digits.
        size_bytes: Its size.
        modified_ns: Its time of change, to notice that it changes while it is read.
        location: Where it came from, as errors name it: its path, or the URL of an object.
        marker: What its ready-marker promises; None where no marker is asked for.
    """

    path: Path
    name: str
    sha256: str
    size_bytes: int
    modified_ns: int
    location: str
    marker: ReadyMarker | None = None


def guess_format(path: Path) -> str | None:
    """Tells the format of a file by its name.

    Args:
        path: The file.

    Returns:
        `jsonl`, `csv` or `parquet`; None when the name tells none of them.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSIONS:
        suffixes = suffixes[:-1]
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def expand_paths(paths: Sequence[Path | str], *, file_format: str | None = None) -> list[Path]:
    """Finds the files that are meant.

    A folder means the data files in it (not in folders below, none whose name tells no format), a
    pattern what it matches; each file is taken once. Hidden files, parts and markers never are.

    Args:
        paths: Files, folders and patterns.
        file_format: Take only files of this format from folders; None for any known one.

    Returns:
        The files, in the order given; those of one folder or pattern by name.

    Raises:
        MeterhouseError: A path or pattern finds nothing, or a named file is called incomplete.
    """
    found: dict[Path, None] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            files = [file for file in sorted(path.iterdir()) if _is_data_file(file, file_format)]
        elif path.exists():
            files = [path]
            if not is_complete_name(path.name):
                raise MeterhouseError(
                    f"{given} is not taken: hidden files, .part, .tmp and markers are no data.",
                    remedy="rename the file once it is complete",
                )
        else:
            matches = sorted(glob.glob(str(given), recursive=True))  # noqa: PTH207  any root
            files = [Path(match) for match in matches]
            files = [file for file in files if file.is_file() and is_complete_name(file.name)]
        if not files:
            raise MeterhouseError(
                f"{given} finds no file to load.",
                remedy="name files, a folder with .jsonl, .csv or .parquet files "
                "(plain, .gz or .zst), or a pattern in quotes",
            )
        found.update(dict.fromkeys(files))
    if not found:
        raise MeterhouseError("No file is named.", remedy="name at least one file or folder")
    return list(found)


def part_ready(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Parts the files that have a ready-marker from those that wait for theirs.

    Args:
        paths: The files.

    Returns:
        Those that are ready, and those that wait.
    """
    names: dict[Path, set[str]] = {}
    ready: list[Path] = []
    waiting: list[Path] = []
    for path in paths:
        folder = path.parent
        if folder not in names:
            names[folder] = {entry.name for entry in folder.iterdir()}
        (ready if is_marked(path.name, names[folder]) else waiting).append(path)
    return ready, waiting


def identify_files(
    paths: Sequence[Path], *, with_markers: bool = False
) -> tuple[list[SourceFile], list[Problem]]:
    """Reads each file once for its SHA-256.

    Args:
        paths: The files.
        with_markers: Whether to read their ready-markers, and to hold them to what these say.

    Returns:
        The files with what identifies them, in the same order, and what is wrong with those that
        are refused: they can't be read, or aren't what their marker says.
    """
    total = sum(_size_of(path) for path in paths)
    files: list[SourceFile] = []
    refused: list[Problem] = []
    with progress().task("Reading file hashes", total=total, unit="bytes") as task:
        for path in paths:
            try:
                files.append(_identify(path, with_marker=with_markers))
            except RefusedFileError as refusal:
                refused.extend(refusal.problems)
            else:
                task.advance(files[-1].size_bytes)
    return files, refused


def check_unchanged(file: SourceFile) -> None:
    """Refuses a file that is no longer what it was when it was identified.

    Args:
        file: The file.

    Raises:
        RefusedFileError: Its size or time of change differ, or it is gone.
    """
    try:
        state = file.path.stat()
        is_same = (state.st_size, state.st_mtime_ns) == (file.size_bytes, file.modified_ns)
    except OSError:
        is_same = False
    if not is_same:
        raise refuse_file(
            file.path,
            "the file changed while it was read",
            remedy="load it again once its writer has finished",
        )


def check_read(file: SourceFile, line_count: int) -> None:
    """Refuses a file that was read to its end, but isn't what it was or should be.

    Args:
        file: The file.
        line_count: Lines or rows that it had.

    Raises:
        RefusedFileError: It changed meanwhile, or has not as many lines as its marker says.
    """
    check_unchanged(file)
    check_lines(file.location, file.marker, line_count)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _identify(path: Path, *, with_marker: bool) -> SourceFile:
    digest = hashlib.sha256()
    try:
        marker = read_marker(path) if with_marker else None
        state = path.stat()
        with path.open("rb") as stream:
            while chunk := stream.read(_READ_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise refuse_file(
            path, f"the file can't be read: {error.strerror}", remedy="check that it is there"
        ) from error
    file = SourceFile(
        path, path.name, digest.hexdigest(), state.st_size, state.st_mtime_ns, str(path), marker
    )
    check_unchanged(file)
    check_sha256(path, marker, file.sha256)
    return file


def _is_data_file(path: Path, file_format: str | None) -> bool:
    known = guess_format(path)
    return (
        path.is_file()
        and is_complete_name(path.name)
        and known is not None
        and file_format in (None, known)
    )
