"""Reads long files of native lines in several processes, which write Parquet files to land."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.contracts import EVENTS_SCHEMA
from ingestion.files import guess_format
from ingestion.readers.lines import TextBlock, part_lines, read_text_blocks
from ingestion.reading import validate_block
from ingestion.validator import Origin

PIECES = 4
"""A block of a process is this many times the size of a batch: few files, little memory."""
_REPEATED_COLUMNS = ["customer_id", "event_type", "properties"]


@dataclass(frozen=True)
class WrittenBatch:
    """A block of lines after a process has read it.

    Attributes:
        unit_number: Number of the file within the load, from 1.
        events: Parquet file of `EVENTS_SCHEMA`; None when there is no event.
        event_count: Events in it.
        rejected: Rows of `REJECTED_SCHEMA`.
        line_count: Lines that the block has, blank ones included.
    """

    unit_number: int
    events: Path | None
    event_count: int
    rejected: pa.Table
    line_count: int


class ParallelReader:
    """Processes that read blocks of lines side by side; ended on leaving the context.

    Args:
        processes: Number of processes.
        batch_bytes: Bytes of lines that a process validates at a time.
    """

    def __init__(self, *, processes: int, batch_bytes: int) -> None:
        self._processes = processes
        self._batch_bytes = batch_bytes
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> ParallelReader:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def is_worthwhile(self, path: Path) -> bool:
        """Whether a file is of native lines, and long enough to share out.

        Args:
            path: The file.

        Returns:
            Whether `read` should be used for it.
        """
        is_long = path.stat().st_size > PIECES * self._batch_bytes
        return self._processes > 1 and is_long and guess_format(path) == "jsonl"

    def read(self, path: Path, *, origin: Origin, folder: Path) -> Iterator[WrittenBatch]:
        """Reads a file of native lines.

        Args:
            path: The file.
            origin: What its lines are said to come from.
            folder: Where the Parquet files are written; made if need be.

        Yields:
            The blocks, in the order of the file.

        Raises:
            RefusedFileError: The file can't be read to its end.
        """
        folder.mkdir(parents=True, exist_ok=True)
        pool = self._started_pool()
        under_way: deque[Future[WrittenBatch]] = deque()
        blocks = read_text_blocks(path, block_bytes=PIECES * self._batch_bytes)
        try:
            for number, block in enumerate(blocks):
                target = folder / f"events-{origin.file_number}-{number}.parquet"
                under_way.append(pool.submit(write_block, block, origin, target, self._batch_bytes))
                if len(under_way) > self._processes:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()

    def _started_pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([__name__])
            self._pool = ProcessPoolExecutor(
                self._processes, mp_context=context, initializer=_end_with_parent
            )
        return self._pool


def write_block(block: TextBlock, origin: Origin, target: Path, batch_bytes: int) -> WrittenBatch:
    """Validates a block of native lines and writes its events.

    Args:
        block: The lines.
        origin: What they are said to come from.
        target: The Parquet file to write.
        batch_bytes: Bytes of lines that are validated at a time.

    Returns:
        What the block became.
    """
    event_count = 0
    rejected: list[pa.Table] = []
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
    return WrittenBatch(
        origin.file_number,
        target if event_count else None,
        event_count,
        pa.concat_tables(rejected),
        block.line_count,
    )


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


def _end_with_parent() -> None:
    """Ends this process when the one that shares out the work is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent.sentinel,), daemon=True).start()


def _wait_and_end(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
