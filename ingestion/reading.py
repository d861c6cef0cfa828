"""Reads one file, whatever its format, into events and rejected rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ingestion.contracts import UsageEvent
from ingestion.files import guess_format
from ingestion.mapped_rows import map_rows
from ingestion.mappings import Mapping, native_mapping
from ingestion.readers.csv_rows import read_csv_batches, read_csv_header
from ingestion.readers.json_rows import read_json_batches
from ingestion.readers.lines import LineBlock, read_line_blocks
from ingestion.readers.parquet_rows import read_parquet_batches, read_parquet_header
from ingestion.readers.rows import RowBatch
from ingestion.readers.streams import refuse_file
from ingestion.rejections import LINE_TOO_LONG
from ingestion.validator import FaultyRow, Origin, Verdicts, build_rejected, validate_lines


def read_file(
    path: Path, *, origin: Origin, mapping: Mapping | None, batch_bytes: int
) -> Iterator[tuple[Verdicts, int]]:
    """Reads a file in batches.

    Args:
        path: The file.
        origin: What its rows are said to come from.
        mapping: How its rows become events; None for native events.
        batch_bytes: Bytes that are read at a time.

    Yields:
        What a batch became, and how many lines (or rows) of the file it stands for.

    Raises:
        RefusedFileError: The file can't be read to its end, is of an unknown format, or lacks
            columns; what was yielded before must not be used then.
    """
    if mapping is not None:
        yield from _read_mapped(path, origin=origin, mapping=mapping, batch_bytes=batch_bytes)
        return
    file_format = guess_format(path)
    if file_format == "jsonl":
        for block in read_line_blocks(path, block_bytes=batch_bytes):
            yield validate_block(block, origin), len(block.lines)
        return
    if file_format is None:
        raise refuse_file(
            path,
            "the name doesn't tell the format",
            remedy="name it .jsonl, .csv or .parquet (and .gz or .zst), or load it by a mapping",
        )
    native = _native_mapping_of(path, file_format)
    if native is not None:
        yield from _read_mapped(path, origin=origin, mapping=native, batch_bytes=batch_bytes)


def validate_block(block: LineBlock, origin: Origin) -> Verdicts:
    """Validates a block of native lines.

    Args:
        block: The lines.
        origin: What they are said to come from.

    Returns:
        The events and the rejected lines.
    """
    if not block.too_long:
        return validate_lines(block.lines, first_line=block.first_line, origin=origin)
    rows = [FaultyRow(block.first_line, None, LINE_TOO_LONG, line) for line in block.lines]
    empty = validate_lines([], first_line=block.first_line, origin=origin)
    return Verdicts(empty.events, build_rejected(rows, origin=origin))


def _native_mapping_of(path: Path, file_format: str) -> Mapping | None:
    """Returns the mapping of a native CSV or Parquet file; None when the file is empty.

    Native files have the fields of `UsageEvent` as columns and no other, so that nothing that was
    sent is passed over in silence.
    """
    kind = "csv" if file_format == "csv" else "parquet"
    mapping = native_mapping(kind, has_properties=False)
    is_csv = kind == "csv"
    names = read_csv_header(path, mapping.csv) if is_csv else read_parquet_header(path)
    if is_csv and not names:
        return None
    unknown = sorted(set(names).difference(UsageEvent.model_fields))
    if unknown:
        raise refuse_file(
            path,
            f"unknown column {unknown[0]}",
            remedy="native files have the columns "
            f"{', '.join(UsageEvent.model_fields)}; load others by a mapping",
        )
    return native_mapping(kind, has_properties="properties" in names)


def _read_mapped(
    path: Path, *, origin: Origin, mapping: Mapping, batch_bytes: int
) -> Iterator[tuple[Verdicts, int]]:
    for batch in _read_rows(path, mapping, batch_bytes=batch_bytes):
        yield map_rows(batch, mapping, origin=origin), batch.line_count


def _read_rows(path: Path, mapping: Mapping, *, batch_bytes: int) -> Iterator[RowBatch]:
    needed = mapping.columns()
    if mapping.format == "jsonl":
        return read_json_batches(path, paths=needed, batch_bytes=batch_bytes)
    if mapping.format == "parquet":
        _check_columns(path, read_parquet_header(path), needed)
        return read_parquet_batches(path, needed=needed)
    names = read_csv_header(path, mapping.csv)
    if not names:
        return iter(())
    _check_columns(path, names, needed)
    return read_csv_batches(path, mapping.csv, names=names, needed=needed, batch_bytes=batch_bytes)


def _check_columns(path: Path, names: Sequence[str], needed: Sequence[str]) -> None:
    for name in needed:
        if names.count(name) != 1:
            fault = "is missing" if name not in names else "is there more than once"
            raise refuse_file(
                path,
                f"column {name} {fault}",
                remedy=f"the file has the columns {', '.join(names)}; mend the file or the mapping",
            )
