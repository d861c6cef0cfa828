"""Which names mean a file that is complete, and the markers that say so of a file.

A file becomes complete by an atomic rename into place: `.name`, `name.part` and `name.tmp` are
never taken. Where markers are asked for, a file counts once `name.ready` stands beside it, or
`_SUCCESS` in its folder. A marker may be empty, or hold `{"lines": 1000, "sha256": "..."}`.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ingestion.readers.streams import refuse_file

MARKER_SUFFIX = ".ready"
FOLDER_MARKER = "_SUCCESS"
MAX_MARKER_BYTES = 1 << 16
_INCOMPLETE_SUFFIXES = (".part", ".tmp")
_SHA256_DIGITS = 64


@dataclass(frozen=True)
class ReadyMarker:
    """What the marker of a file promises.

    Attributes:
        lines: Number of its lines (JSONL) or rows (CSV without header, Parquet); None: not said.
        sha256: SHA-256 of its bytes as they stand, in small hexadecimal digits; None: not said.
    """

    lines: int | None = None
    sha256: str | None = None


def is_complete_name(name: str) -> bool:
    """Tells whether a file of this name may be data: no part, no hidden file, no marker.

    Args:
        name: Name of a file or object, without its folder.

    Returns:
        Whether it may be taken.
    """
    ending = name.lower()
    return not (
        name.startswith(".")
        or ending.endswith(_INCOMPLETE_SUFFIXES)
        or ending.endswith(MARKER_SUFFIX)
        or name == FOLDER_MARKER
    )


def is_marked(name: str, names: Collection[str]) -> bool:
    """Tells whether a file has a marker, given the names of all that is in its folder.

    Args:
        name: The file's name.
        names: Names of everything in its folder.

    Returns:
        Whether its own marker or that of the folder is there.
    """
    return name + MARKER_SUFFIX in names or FOLDER_MARKER in names


def read_marker(path: Path) -> ReadyMarker | None:
    """Reads the marker of a local file.

    Args:
        path: The file.

    Returns:
        What its marker promises; None where neither it nor its folder has one.

    Raises:
        RefusedFileError: The marker says something that makes no sense.
    """
    marker = path.with_name(path.name + MARKER_SUFFIX)
    if marker.is_file():
        with marker.open("rb") as stream:
            return parse_marker(stream.read(MAX_MARKER_BYTES + 1), file=path)
    return ReadyMarker() if path.with_name(FOLDER_MARKER).is_file() else None


def parse_marker(content: bytes, *, file: Path | str) -> ReadyMarker:
    """Reads what a marker says.

    Args:
        content: Its bytes: none, or a JSON object with `lines`, `sha256`, or both.
        file: The file that it is about, to name it in errors.

    Returns:
        The promise.

    Raises:
        RefusedFileError: It is neither empty nor such an object.
    """
    if not content.strip():
        return ReadyMarker()
    try:
        if len(content) > MAX_MARKER_BYTES:
            raise ValueError(f"it is longer than {MAX_MARKER_BYTES} bytes")
        said = json.loads(content)
        if not isinstance(said, dict) or not said or set(said) - {"lines", "sha256"}:
            raise ValueError("it is no object of lines and sha256")
        return ReadyMarker(_read_lines(said.get("lines")), _read_sha256(said.get("sha256")))
    except (ValueError, RecursionError) as error:
        raise refuse_file(
            file,
            f"its marker can't be read: {error}",
            remedy='leave the marker empty, or write {"lines": 1000, "sha256": "<64 hex digits>"}',
        ) from error


def check_sha256(file: Path | str, marker: ReadyMarker | None, sha256: str) -> None:
    """Refuses a file whose bytes are not those that its marker promises.

    Args:
        file: The file.
        marker: Its marker; None where none is asked for.
        sha256: SHA-256 of its bytes.

    Raises:
        RefusedFileError: They differ.
    """
    if marker is not None and marker.sha256 not in (None, sha256):
        raise refuse_file(
            file,
            f"its SHA-256 is {sha256[:16]}..., its marker says {str(marker.sha256)[:16]}...",
            remedy="send the file again, whole, and its marker after it",
        )


def check_lines(file: Path | str, marker: ReadyMarker | None, line_count: int) -> None:
    """Refuses a file that has more or fewer lines than its marker promises.

    Args:
        file: The file.
        marker: Its marker; None where none is asked for.
        line_count: Lines (JSONL) or rows (CSV without the header, Parquet) that were read.

    Raises:
        RefusedFileError: The numbers differ.
    """
    if marker is not None and marker.lines not in (None, line_count):
        raise refuse_file(
            file,
            f"it has {line_count} lines, its marker says {marker.lines}",
            remedy="send the file again, whole, and its marker after it",
        )


def _read_lines(said: object) -> int | None:
    if said is not None and (not isinstance(said, int) or isinstance(said, bool) or said < 0):
        raise ValueError("lines is no count")
    return said


def _read_sha256(said: object) -> str | None:
    if said is None:
        return None
    if not isinstance(said, str) or len(said) != _SHA256_DIGITS or not _is_hexadecimal(said):
        raise ValueError("sha256 is not 64 hexadecimal digits")
    return said.lower()


def _is_hexadecimal(text: str) -> bool:
    return all(digit in "0123456789abcdefABCDEF" for digit in text)
