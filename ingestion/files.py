"""Files that are offered for loading: found, identified by their content, watched for change."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.readers.streams import refuse_file
from warehouse.errors import MeterhouseError
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
    """

    path: Path
    name: str
    sha256: str
    size_bytes: int
    modified_ns: int


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

    A folder means the data files in it (not in folders below, no hidden ones, none whose name tells
    no format, such as `.part`), a pattern what it matches; each file is taken once.

    Args:
        paths: Files, folders and patterns.
        file_format: Take only files of this format from folders; None for any known one.

    Returns:
        The files, in the order given; those of one folder or pattern by name.

    Raises:
        MeterhouseError: A path or pattern finds nothing.
    """
    found: dict[Path, None] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            files = [file for file in sorted(path.iterdir()) if _is_data_file(file, file_format)]
        elif path.exists():
            files = [path]
        else:
            matches = sorted(glob.glob(str(given), recursive=True))  # noqa: PTH207  any root
            files = [Path(match) for match in matches]
            files = [file for file in files if file.is_file()]
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


def identify_files(paths: Sequence[Path]) -> list[SourceFile]:
    """Reads each file once for its SHA-256.

    Args:
        paths: The files.

    Returns:
        The files with what identifies them, in the same order.

    Raises:
        RefusedFileError: A file can't be read.
    """
    total = sum(path.stat().st_size for path in paths if path.exists())
    with progress().task("Reading file hashes", total=total, unit="bytes") as task:
        files = []
        for path in paths:
            files.append(_identify(path))
            task.advance(files[-1].size_bytes)
    return files


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


def _identify(path: Path) -> SourceFile:
    digest = hashlib.sha256()
    try:
        state = path.stat()
        with path.open("rb") as stream:
            while chunk := stream.read(_READ_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise refuse_file(
            path, f"the file can't be read: {error.strerror}", remedy="check that it is there"
        ) from error
    file = SourceFile(path, path.name, digest.hexdigest(), state.st_size, state.st_mtime_ns)
    check_unchanged(file)
    return file


def _is_data_file(path: Path, file_format: str | None) -> bool:
    known = guess_format(path)
    return (
        path.is_file()
        and not path.name.startswith(".")
        and known is not None
        and file_format in (None, known)
    )
