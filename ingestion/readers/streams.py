"""Opens a file as a stream of plain bytes, whatever it is compressed with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from warehouse.errors import MeterhouseError, Problem

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_SUFFIX = {".gz": "gzip", ".zst": "zstd"}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class RefusedFileError(MeterhouseError):
    """A file that is refused whole: nothing of it lands."""


def refuse_file(path: Path | str, message: str, *, remedy: str) -> RefusedFileError:
    """Makes the error that says why a file is refused whole.

    Args:
        path: The file, or the URL of an object.
        message: What is wrong with it.
        remedy: What to do about it.

    Returns:
        The error, to be raised.
    """
    problem = Problem(message=message, remedy=remedy, file=str(path))
    return RefusedFileError(f"{Path(path).name} is refused whole.", problems=[problem])


@contextmanager
def open_stream(path: Path) -> Iterator[pa.NativeFile]:
    """Opens a file for reading plain bytes; gzip and zstd are recognised by their first bytes.

    Args:
        path: The file.

    Yields:
        A stream; reading it raises OSError when compressed data are cut off or damaged.

    Raises:
        RefusedFileError: The file can't be opened or read, is cut off or damaged, is named as
            compressed but isn't, or is UTF-16.
    """
    try:
        head = _read_head(path)
        compression = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
        declared = _SUFFIX.get(path.suffix.lower())
        if declared and compression != declared:
            raise refuse_file(
                path,
                f"the name says {declared}, but the content doesn't begin as {declared}",
                remedy="fetch the file again, or rename it to what it is",
            )
        if head.startswith(_UTF_16):
            raise refuse_file(
                path,
                "the file is UTF-16",
                remedy="convert it first: iconv -f UTF-16 -t UTF-8",
            )
        with pa.OSFile(str(path), "rb") as raw:
            if compression is None:
                yield raw
            else:
                with pa.CompressedInputStream(raw, compression) as plain:
                    yield plain
    except OSError as error:
        raise refuse_file(
            path,
            f"the file can't be read to its end: {error}",
            remedy="it may be half-written or damaged: wait until it is complete or fetch it "
            "again, then load it again",
        ) from error


def _read_head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)
