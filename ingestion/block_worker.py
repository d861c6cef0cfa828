"""A process that validates blocks of native lines: requests on standard input, answers on output.

A request is a line of JSON (`BlockRequest`) and the bytes of the block; an answer is a line of JSON
(`BlockAnswer`) and the rejected rows as an Arrow stream. The process ends when its input does, so
it never outlives the one that started it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts import EVENTS_SCHEMA, REJECTED_SCHEMA
from ingestion.readers.lines import TextBlock, part_lines
from ingestion.reading import validate_block
from ingestion.validator import Origin

_REPEATED_COLUMNS = ["customer_id", "event_type", "properties"]


@dataclass(frozen=True)
class BlockRequest:
    """What is to be done with the block that follows.

    Attributes:
        origin: What its lines are said to come from.
        first_line: Number of its first line, from 1.
        is_cut: Whether it is one line that is too long to be kept whole.
        data_bytes: Its size.
        target: The Parquet file to write.
        batch_bytes: Bytes of lines that are validated at a time.
    """

    origin: Origin
    first_line: int
    is_cut: bool
    data_bytes: int
    target: str
    batch_bytes: int


@dataclass(frozen=True)
class BlockAnswer:
    """What a block became.

    Attributes:
        event_count: Events in the Parquet file.
        rejected_bytes: Size of the Arrow stream of `REJECTED_SCHEMA` that follows.
        failure: Why the block could not be written; empty when it was.
    """

    event_count: int
    rejected_bytes: int
    failure: str = ""


def write_block(
    block: TextBlock, origin: Origin, target: Path, batch_bytes: int
) -> tuple[int, pa.Table]:
    """Validates a block of native lines and writes its events.

    Args:
        block: The lines.
        origin: What they are said to come from.
        target: The Parquet file to write.
        batch_bytes: Bytes of lines that are validated at a time.

    Returns:
        The number of events, and the rejected rows.
    """
    event_count = 0
    rejected: list[pa.Table] = [REJECTED_SCHEMA.empty_table()]
    with pq.ParquetWriter(
        target,
        EVENTS_SCHEMA,
        compression="lz4",
        use_dictionary=_REPEATED_COLUMNS,
        write_statistics=False,
    ) as writer:
        for piece in _cut(block, batch_bytes):
            for lines in part_lines(piece):
                verdicts = validate_block(lines, origin)
                if verdicts.events.num_rows:
                    writer.write_table(verdicts.events)
                event_count += verdicts.events.num_rows
                rejected.append(verdicts.rejected)
    return event_count, pa.concat_tables(rejected)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until there are no more.

    Args:
        requests: Where they come from.
        answers: Where the answers go.
    """
    decoder = msgspec.json.Decoder(BlockRequest)
    while line := requests.readline():
        request = decoder.decode(line)
        data = requests.read(request.data_bytes)
        if len(data) < request.data_bytes:
            return
        block = TextBlock(request.first_line, data, is_cut=request.is_cut)
        del data
        try:
            count, rejected = write_block(
                block, request.origin, Path(request.target), request.batch_bytes
            )
        except OSError as error:
            answers.write(msgspec.json.encode(BlockAnswer(0, 0, str(error))) + b"\n")
        else:
            stream = pa.BufferOutputStream()
            with pa.ipc.new_stream(stream, REJECTED_SCHEMA) as writer:
                writer.write_table(rejected)
            body = stream.getvalue()
            answers.write(msgspec.json.encode(BlockAnswer(count, body.size)) + b"\n")
            answers.write(body)
        answers.flush()


def _cut(block: TextBlock, batch_bytes: int) -> Iterator[TextBlock]:
    """Cuts a block after the first line feed that comes `batch_bytes` after the last cut."""
    start, first_line = 0, block.first_line
    while True:
        end = block.data.find(b"\n", start + batch_bytes)
        if end < 0:
            yield TextBlock(first_line, block.data[start:], is_cut=block.is_cut)
            return
        piece = TextBlock(first_line, block.data[start:end])
        yield piece
        first_line += piece.line_count
        start = end + 1


def main() -> None:
    """Serves standard input."""
    serve(sys.stdin.buffer, sys.stdout.buffer)
