"""Reads text files in bounded blocks of whole lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ingestion.contracts import MAX_LINE_BYTES
from ingestion.readers.streams import open_stream
from ingestion.rejections import KEPT_BYTES_OF_LONG_LINE

UTF_8_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class LineBlock:
    """Consecutive lines of a file.

    Attributes:
        first_line: Number of the first line, from 1.
        lines: The lines without their line feeds; where a line is too long, its first part.
        too_long: Numbers of the lines that are too long.
    """

    first_line: int
    lines: list[bytes]
    too_long: frozenset[int] = frozenset()


def read_line_blocks(
    path: Path, *, block_bytes: int, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[LineBlock]:
    """Reads a text file, plain or compressed, block by block.

    Memory stays within a few times `block_bytes` plus `max_line_bytes`, however long a line is. A
    byte order mark at the beginning is dropped; a line feed at the end of the file may be missing.

    Args:
        path: The file.
        block_bytes: Bytes that are read at a time.
        max_line_bytes: A longer line is cut to its first 8 KiB and named in `too_long`.

    Yields:
        Blocks of at least one line, in order; a too long line has a block of its own.

    Raises:
        RefusedFileError: The file can't be read to its end.
    """
    with open_stream(path) as stream:
        yield from _split_stream(stream, block_bytes=block_bytes, max_line_bytes=max_line_bytes)


def _split_stream(
    stream: pa.NativeFile, *, block_bytes: int, max_line_bytes: int
) -> Iterator[LineBlock]:
    line_number = 1
    rest = b""
    is_skipping = False
    is_start = True
    while chunk := stream.read(block_bytes):
        if is_start:
            chunk = chunk.removeprefix(UTF_8_MARK)
            is_start = False
        if is_skipping:
            end = chunk.find(b"\n")
            if end < 0:
                continue
            yield LineBlock(line_number, [rest], frozenset({line_number}))
            line_number += 1
            chunk, rest, is_skipping = chunk[end + 1 :], b"", False
        end = chunk.rfind(b"\n")
        if end >= 0:
            lines = (rest + chunk[:end]).split(b"\n")
            rest = chunk[end + 1 :]
            yield from _bound_lines(lines, line_number, max_line_bytes=max_line_bytes)
            line_number += len(lines)
        else:
            rest += chunk
        if len(rest) > max_line_bytes:
            rest = rest[: min(KEPT_BYTES_OF_LONG_LINE, max_line_bytes)]
            is_skipping = True
    if is_skipping:
        yield LineBlock(line_number, [rest], frozenset({line_number}))
    elif rest:
        yield LineBlock(line_number, [rest])


def _bound_lines(
    lines: list[bytes], first_line: int, *, max_line_bytes: int
) -> Iterator[LineBlock]:
    """Sets the lines that are too long apart."""
    if sum(map(len, lines)) <= max_line_bytes or max(map(len, lines)) <= max_line_bytes:
        yield LineBlock(first_line, lines)
        return
    start = 0
    for row, line in enumerate(lines):
        if len(line) > max_line_bytes:
            if row > start:
                yield LineBlock(first_line + start, lines[start:row])
            number = first_line + row
            kept = line[: min(KEPT_BYTES_OF_LONG_LINE, max_line_bytes)]
            yield LineBlock(number, [kept], frozenset({number}))
            start = row + 1
    if start < len(lines):
        yield LineBlock(first_line + start, lines[start:])
