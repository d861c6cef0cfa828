"""Parquet from the very bytes of a CSV file, so that both hold the same digits."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from warehouse import MeterhouseError

BLOCK_BYTES = 8 * 1024 * 1024


def write_parquet(source: Path, target: Path, *, schema: pa.Schema) -> int:
    """Writes a Parquet file with the rows of a CSV file; decimals are read as decimals.

    Args:
        source: The CSV file, with a header.
        target: The Parquet file.
        schema: Its columns and types.

    Returns:
        Count of rows.

    Raises:
        MeterhouseError: A cell is not of its column's type.
    """
    row_count = 0
    try:
        with (
            pacsv.open_csv(
                source,
                read_options=pacsv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
                parse_options=pacsv.ParseOptions(newlines_in_values=True),
                convert_options=pacsv.ConvertOptions(
                    column_types=schema,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            ) as reader,
            pq.ParquetWriter(target, schema, compression="zstd") as writer,
        ):
            for batch in reader:
                writer.write_batch(batch.select(schema.names).cast(schema))
                row_count += batch.num_rows
    except pa.ArrowInvalid as error:
        raise MeterhouseError(
            f"{source.name} does not fit the types of the Parquet file: {error}",
            remedy="this is a fault of the reporting views; run ./meterhouse doctor",
        ) from error
    return row_count
