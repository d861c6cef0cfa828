"""Reads JSON lines of any shape: paths become text columns, numbers keep their digits."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from ingestion.contracts import Reason
from ingestion.json_text import JsonFaultError, check_text, parse_json
from ingestion.readers.lines import read_line_blocks
from ingestion.readers.rows import RowBatch, RowFault
from ingestion.rejections import LINE_TOO_LONG, Rejection


def read_json_batches(path: Path, *, paths: Sequence[str], batch_bytes: int) -> Iterator[RowBatch]:
    """Reads the rows of a JSONL file.

    Args:
        path: The file, plain or compressed.
        paths: What is read of each row: `name`, or `name.name` into objects.
        batch_bytes: Bytes that are read at a time.

    Yields:
        Batches of rows; a boolean is `true` or `false`, a JSON null is null.

    Raises:
        RefusedFileError: The file can't be read to its end.
    """
    for block in read_line_blocks(path, block_bytes=batch_bytes):
        numbers = range(block.first_line, block.first_line + len(block.lines))
        yield build_json_batch(
            block.lines, line_numbers=numbers, paths=paths, too_long=block.too_long
        )


def build_json_batch(
    lines: Sequence[bytes],
    *,
    line_numbers: Sequence[int],
    paths: Sequence[str],
    too_long: Container[int] = (),
) -> RowBatch:
    """Builds a batch of JSON texts, wherever they come from.

    Args:
        lines: The texts, one object each; blank ones are passed over.
        line_numbers: Number of each.
        paths: What is read of each row: `name`, or `name.name` into objects.
        too_long: Numbers of the lines that are cut off, since they are too long.

    Returns:
        The rows and the faults of those that can't be read.
    """
    steps = {path: path.split(".") for path in paths}
    numbers: list[int] = []
    kept: list[bytes] = []
    rows: list[list[str | None]] = []
    faults: list[RowFault] = []
    for number, line in zip(line_numbers, lines, strict=True):
        if number in too_long:
            faults.append(RowFault(number, LINE_TOO_LONG, line))
        elif line.strip():
            row = _read_row(line, steps)
            if isinstance(row, Rejection):
                faults.append(RowFault(number, row, line))
            else:
                numbers.append(number)
                kept.append(line)
                rows.append(row)
    return RowBatch(
        columns={
            name: pa.array([row[place] for row in rows], pa.string())
            for place, name in enumerate(steps)
        },
        line_numbers=pa.array(numbers, pa.int64()),
        raw=kept.__getitem__,
        line_count=len(lines),
        faults=faults,
    )


def _read_row(line: bytes, steps: dict[str, list[str]]) -> list[str | None] | Rejection:
    try:
        value = parse_json(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Rejection(Reason.INVALID_TEXT, f"the line is not UTF-8: {error.reason}")
    except JsonFaultError as fault:
        return fault.rejection
    if not isinstance(value, dict):
        return Rejection(Reason.MALFORMED_ROW, "the line is not a JSON object")
    found: list[str | None] = []
    for name, parts in steps.items():
        leaf = _walk(value, parts)
        if isinstance(leaf, dict | list):
            return Rejection(Reason.MALFORMED_ROW, f"{name} is not a single value")
        if isinstance(leaf, bool):
            leaf = "true" if leaf else "false"
        fault = check_text(leaf, field=name) if isinstance(leaf, str) else None
        if fault is not None:
            return fault
        found.append(leaf if leaf is None else str(leaf))
    return found


def _walk(value: object, parts: Sequence[str]) -> object:
    for part in parts:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value
