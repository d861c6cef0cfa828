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


@dataclass(frozen=True)
class TextBlock:
    """Consecutive lines of a file, not parted yet.

    Attributes:
        first_line: Number of the first line, from 1.
        data: The lines with line feeds between them; of a line that is cut, its first part.
        is_cut: Whether this is one line that is too long to be kept whole.
    """

    first_line: int
    data: bytes
    is_cut: bool = False

    @property
    def line_count(self) -> int:
        """Number of lines."""
        return self.data.count(b"\n") + 1


def read_line_blocks(
    path: Path, *, block_bytes: int, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[LineBlock]:
    """Reads a text file, plain or compressed, line by line in blocks.

    Args:
        path: The file.
        block_bytes: Bytes that are read at a time.
        max_line_bytes: A longer line is cut to its first 8 KiB and named in `too_long`.

    Yields:
        Blocks of at least one line, in order; a too long line has a block of its own.

    Raises:
        RefusedFileError: The file can't be read to its end.
    """
    for block in read_text_blocks(path, block_bytes=block_bytes, max_line_bytes=max_line_bytes):
        yield from part_lines(block, max_line_bytes=max_line_bytes)


def read_text_blocks(
    path: Path, *, block_bytes: int, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[TextBlock]:
    """Reads a text file, plain or compressed, in blocks of whole lines.

    Memory stays within a few times `block_bytes` plus `max_line_bytes`, however long a line is. A
    byte order mark at the beginning is dropped; a line feed at the end of the file may be missing.

    Args:
        path: The file.
        block_bytes: Bytes that are read at a time.
        max_line_bytes: A longer line that spans blocks is cut to its first 8 KiB.

    Yields:
        Blocks of at least one line, in order; a line that is cut has a block of its own.

    Raises:
        RefusedFileError: The file can't be read to its end.
    """
    with open_stream(path) as stream:
        yield from _split_stream(stream, block_bytes=block_bytes, max_line_bytes=max_line_bytes)


def part_lines(block: TextBlock, *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[LineBlock]:
    """Parts a block into its lines.

    Args:
        block: The block.
        max_line_bytes: A longer line is cut to its first 8 KiB and named in `too_long`.

    Yields:
        Blocks of lines, in order; a too long line has a block of its own.
    """
    if block.is_cut:
        yield LineBlock(block.first_line, [block.data], frozenset({block.first_line}))
    else:
        lines = block.data.split(b"\n")
        yield from _bound_lines(lines, block.first_line, max_line_bytes=max_line_bytes)


def _split_stream(
    stream: pa.NativeFile, *, block_bytes: int, max_line_bytes: int
) -> Iterator[TextBlock]:
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
            yield TextBlock(line_number, rest, is_cut=True)
            line_number += 1
            chunk, rest, is_skipping = chunk[end + 1 :], b"", False
        end = chunk.rfind(b"\n")
        if end >= 0:
            block = TextBlock(line_number, rest + chunk[:end])
            rest = chunk[end + 1 :]
            yield block
            line_number += block.line_count
        else:
            rest += chunk
        if len(rest) > max_line_bytes:
            rest = rest[: min(KEPT_BYTES_OF_LONG_LINE, max_line_bytes)]
            is_skipping = True
    if is_skipping or rest:
        yield TextBlock(line_number, rest, is_cut=is_skipping)


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
