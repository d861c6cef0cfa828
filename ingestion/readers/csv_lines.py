"""Puts the lines of a CSV row together when one of its fields has line breaks inside quotes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from ingestion.contracts import MAX_LINE_BYTES
from ingestion.mappings import CsvOptions
from ingestion.readers.lines import LineBlock

MAX_LINES_OF_ROW = 1000
_OPEN = "unexpected end of data"
Numbered = tuple[int, bytes]


def join_lines(
    blocks: Iterator[LineBlock], options: CsvOptions, *, count: int
) -> Iterator[tuple[LineBlock, list[Numbered]]]:
    """Gives the rows of a file: a line each, or several lines where a quoted field holds breaks.

    Lines are put together only when they make one row with all its fields; else the first of them
    is a row by itself, and a quote that is never closed harms no other line.

    Args:
        blocks: The lines of the file.
        options: How it is written.
        count: Number of fields of a row.

    Yields:
        A block of lines, and the rows that end in it with the number of their first line; last a
        block without lines where the end of the file decides about rows.
    """
    carried: list[Numbered] = []
    for block in blocks:
        lines = [*carried, *enumerate(block.lines, start=block.first_line)]
        rows, carried = _join(lines, options, count=count, is_end=False)
        yield block, rows
    if carried:
        rows, _ = _join(carried, options, count=count, is_end=True)
        yield LineBlock(carried[-1][0] + 1, []), rows


def split_line(line: bytes, options: CsvOptions) -> list[str] | str:
    """Parts a row into its fields.

    Args:
        line: The row, as UTF-8.
        options: How it is written.

    Returns:
        The fields, or what is wrong with it.
    """
    try:
        text = line.decode("utf-8")
        rows = list(
            csv.reader(
                io.StringIO(text, newline=""),
                delimiter=options.separator,
                quotechar=options.quote,
                strict=True,
            )
        )
    except (csv.Error, UnicodeDecodeError) as error:
        return str(error)
    return rows[0] if len(rows) == 1 else "it holds a line break"


def _join(
    lines: list[Numbered], options: CsvOptions, *, count: int, is_end: bool
) -> tuple[list[Numbered], list[Numbered]]:
    quote = options.quote.encode(options.encoding)
    rows: list[Numbered] = []
    place = 0
    while place < len(lines):
        number, line = lines[place]
        if line.count(quote) % 2 and _fields(line, options) == _OPEN:
            joined, after = _close(lines, place, options, quote)
            is_cut = joined is None and after == len(lines) and not is_end
            if is_cut and after - place < MAX_LINES_OF_ROW:
                return rows, lines[place:]
            fields = _fields(joined, options) if joined is not None else ""
            if joined is not None and isinstance(fields, list) and len(fields) == count:
                rows.append((number, joined))
                place = after
                continue
        rows.append((number, line))
        place += 1
    return rows, []


def _close(
    lines: list[Numbered], place: int, options: CsvOptions, quote: bytes
) -> tuple[bytes | None, int]:
    """Looks for the line that closes the quotes of one; None: none does, up to the place given."""
    parts = [lines[place][1]]
    size = len(parts[0])
    for after in range(place + 1, min(len(lines), place + MAX_LINES_OF_ROW)):
        parts.append(lines[after][1])
        size += len(parts[-1]) + 1
        if size > MAX_LINE_BYTES:
            return None, after
        if parts[-1].count(quote) % 2:
            joined = b"\n".join(parts)
            if _fields(joined, options) != _OPEN:
                return joined, after + 1
    return None, min(len(lines), place + MAX_LINES_OF_ROW)


def _fields(line: bytes, options: CsvOptions) -> list[str] | str:
    try:
        text = line.rstrip(b"\r").decode(options.encoding)
    except UnicodeDecodeError as error:
        return str(error)
    return split_line(text.encode("utf-8"), options)
