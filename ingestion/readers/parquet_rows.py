"""Reads Parquet, for mappings and native events: every column becomes text that says the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.readers.rows import RowBatch
from ingestion.readers.streams import refuse_file

_BATCH_ROWS = 32_768


def read_parquet_header(path: Path) -> list[str]:
    """Reads the names of the columns.

    Args:
        path: The file.

    Returns:
        The names.

    Raises:
        RefusedFileError: The file is not whole, or is no Parquet.
    """
    with _open(path) as file:
        return list(file.schema_arrow.names)


def read_parquet_batches(path: Path, *, needed: Sequence[str]) -> Iterator[RowBatch]:
    """Reads the rows of a Parquet file.

    Args:
        path: The file.
        needed: The columns that are read.

    Yields:
        Batches of rows; the number of a row, from 1, stands for its line.

    Raises:
        RefusedFileError: The file is not whole, or stores a needed column in a type that says
            numbers inexactly or has no plain text.
    """
    with _open(path) as file:
        for name in needed:
            _check_type(path, name, file.schema_arrow.field(name).type)
        first = 1
        try:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(needed)):
                columns = {name: _to_text(batch.column(name)) for name in needed}
                yield build_row_batch(columns, first=first, count=batch.num_rows)
                first += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise _damaged(path, error) from error


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> Exception:
    return refuse_file(
        path,
        f"the file can't be read as Parquet: {error}",
        remedy="it may be half-written: wait until it is complete or fetch it again; Parquet is "
        "compressed inside, so no .gz or .zst around it",
    )


def _check_type(path: Path, name: str, stored: pa.DataType) -> None:
    if pa.types.is_floating(stored):
        raise refuse_file(
            path,
            f"column {name} is stored as {stored}, which holds no exact decimals",
            remedy=f"write {name} as a decimal, an integer or text",
        )
    kind = stored.value_type if pa.types.is_dictionary(stored) else stored
    checks = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_integer,
        pa.types.is_decimal,
        pa.types.is_boolean,
        pa.types.is_timestamp,
        pa.types.is_date,
        pa.types.is_null,
    )
    if not any(check(kind) for check in checks):
        raise refuse_file(
            path,
            f"column {name} is stored as {stored}, which is not a single value",
            remedy=f"write {name} as text, an integer, a decimal or a timestamp",
        )


def _to_text(values: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_timestamp(values.type) and values.type.tz:
        values = values.cast(pa.timestamp(values.type.unit, "UTC"))
    return values.cast(pa.string())


def build_row_batch(columns: dict[str, pa.Array], *, first: int, count: int) -> RowBatch:
    """Makes a batch of columns that are text already; what is kept of a bad row is its JSON.

    Args:
        columns: The columns, by name.
        first: Number of the first row, from 1.
        count: Number of rows.

    Returns:
        The batch.
    """

    def raw(row: int) -> bytes:
        return json.dumps({name: values[row].as_py() for name, values in columns.items()}).encode()

    numbers = pa.array(range(first, first + count), pa.int64())
    return RowBatch(columns=columns, line_numbers=numbers, raw=raw, line_count=count)
