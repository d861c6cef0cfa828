"""Reads CSV: every field is text, a bad row harms no other.

A row is a line, or several where a field has line breaks inside quotes; its number is that of its
first line. A line that opens a quote which is never closed is quarantined alone.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from ingestion.contracts import MAX_LINE_BYTES, Reason
from ingestion.mappings import CsvOptions
from ingestion.readers.csv_lines import Numbered, join_lines, split_line
from ingestion.readers.lines import read_line_blocks
from ingestion.readers.rows import RowBatch, RowFault
from ingestion.readers.streams import refuse_file
from ingestion.rejections import LINE_TOO_LONG, Rejection


def read_csv_header(path: Path, options: CsvOptions) -> list[str]:
    """Reads the names of the columns.

    Args:
        path: The file, plain or compressed.
        options: How it is written.

    Returns:
        The names; none when the file is empty.

    Raises:
        RefusedFileError: The file can't be read, or its header line is no CSV.
    """
    if options.columns is not None:
        return list(options.columns)
    for block in read_line_blocks(path, block_bytes=MAX_LINE_BYTES):
        for line in block.lines:
            if line.strip():
                found = _split_line(line, options)
                if isinstance(found, Rejection):
                    raise refuse_file(path, f"header: {found.detail}", remedy="mend line 1")
                return found
    return []


def read_csv_batches(
    path: Path, options: CsvOptions, *, names: list[str], needed: Sequence[str], batch_bytes: int
) -> Iterator[RowBatch]:
    """Reads the rows of a CSV file.

    Args:
        path: The file, plain or compressed.
        options: How it is written.
        names: Names of all its columns, in order.
        needed: The columns that are read.
        batch_bytes: Bytes that are read at a time.

    Yields:
        Batches of rows.

    Raises:
        RefusedFileError: The file can't be read to its end.
    """
    has_header = options.columns is None
    blocks = read_line_blocks(path, block_bytes=batch_bytes)
    for block, rows in join_lines(blocks, options, count=len(names)):
        numbers, lines, faults = _sift_lines(rows, block.too_long, options)
        if has_header and lines:
            numbers, lines, has_header = numbers[1:], lines[1:], False
        columns, kept = _parse_lines(lines, options, names=names, needed=needed)
        kept_lines = lines
        if kept is not None:
            bad = sorted(set(range(len(lines))).difference(kept))
            reasons = [_split_row(lines[row], options, count=len(names)) for row in bad]
            faults += [
                RowFault(numbers[row], reason, lines[row])
                for row, reason in zip(bad, reasons, strict=True)
                if isinstance(reason, Rejection)
            ]
            numbers = [numbers[row] for row in kept]
            kept_lines = [lines[row] for row in kept]
        yield RowBatch(
            columns=columns,
            line_numbers=pa.array(numbers, pa.int64()),
            raw=kept_lines.__getitem__,
            line_count=len(block.lines),
            faults=faults,
        )


def _sift_lines(
    rows: list[Numbered], too_long: frozenset[int], options: CsvOptions
) -> tuple[list[int], list[bytes], list[RowFault]]:
    """Sets apart blank lines and those that aren't text; transcodes the others to UTF-8."""
    numbers: list[int] = []
    lines: list[bytes] = []
    faults: list[RowFault] = []
    for number, line in rows:
        if number in too_long:
            faults.append(RowFault(number, LINE_TOO_LONG, line))
            continue
        text = line.rstrip(b"\r")
        if not text.strip():
            continue
        fault = None
        if b"\x00" in text:
            fault = Rejection(Reason.INVALID_TEXT, "the line holds a NUL character")
        elif not text.isascii():
            try:
                text = text.decode(options.encoding).encode("utf-8")
            except UnicodeDecodeError as error:
                detail = f"the line is not {options.encoding}: {error.reason}"
                fault = Rejection(Reason.INVALID_TEXT, detail)
        if fault:
            faults.append(RowFault(number, fault, line))
        else:
            numbers.append(number)
            lines.append(text)
    return numbers, lines, faults


def _parse_lines(
    lines: list[bytes], options: CsvOptions, *, names: list[str], needed: Sequence[str]
) -> tuple[dict[str, pa.Array], list[int] | None]:
    """Parses lines at once, or one by one if there is a fault among them.

    Returns:
        The needed columns, and the rows they are of; None for all.
    """
    block = b"\n".join(lines)
    # Arrow takes the end of the text for a missing quote
    is_closed = block.count(options.quote.encode("utf-8")) % 2 == 0
    if lines and is_closed and b"\r" not in block:
        table = _parse_block(block, options, names=names, needed=needed)
        if table is not None and table.num_rows == len(lines):
            return {name: table[name].combine_chunks() for name in needed}, None
    rows = [_split_row(line, options, count=len(names)) for line in lines]
    kept = [number for number, row in enumerate(rows) if not isinstance(row, Rejection)]
    places = {name: names.index(name) for name in needed}
    columns = {
        name: pa.array([rows[number][place] for number in kept], pa.string())
        for name, place in places.items()
    }
    return columns, kept


def _parse_block(
    block: bytes, options: CsvOptions, *, names: list[str], needed: Sequence[str]
) -> pa.Table | None:
    try:
        return pa_csv.read_csv(
            io.BytesIO(block),
            read_options=pa_csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(block) + 1
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=options.separator, quote_char=options.quote, newlines_in_values=True
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=list(needed),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _split_row(line: bytes, options: CsvOptions, *, count: int) -> list[str] | Rejection:
    found = _split_line(line, options)
    if isinstance(found, list) and len(found) != count:
        detail = f"the row has {len(found)} fields instead of {count}"
        return Rejection(Reason.MALFORMED_ROW, detail)
    return found


def _split_line(line: bytes, options: CsvOptions) -> list[str] | Rejection:
    found = split_line(line, options)
    if isinstance(found, str):
        return Rejection(Reason.MALFORMED_ROW, f"the line is no CSV row: {found}")
    return found
