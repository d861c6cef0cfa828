"""Reads long files of native lines in several processes, which write Parquet files to land."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pyarrow as pa

from ingestion.block_worker import BlockAnswer, BlockRequest
from ingestion.files import guess_format
from ingestion.readers.lines import TextBlock, read_text_blocks
from ingestion.validator import Origin
from warehouse.errors import MeterhouseError
from warehouse.settings import PROJECT_ROOT

PIECES = 4
"""A block of a process is this many times the size of a batch: few files, little memory."""
LONG = 16
"""A file of more batches than this is worth the start of processes."""
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from ingestion.block_worker import main; main()"
)


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
        self._threads: ThreadPoolExecutor | None = None
        self._own = threading.local()
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> ParallelReader:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self.workers:
            worker.kill()
            worker.communicate()

    def is_worthwhile(self, path: Path) -> bool:
        """Whether a file is of native lines, and long enough to share out.

        Args:
            path: The file.

        Returns:
            Whether `read` should be used for it.
        """
        is_long = path.stat().st_size > LONG * self._batch_bytes
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
            MeterhouseError: A process ended, or could not write.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._processes)
        under_way: deque[Future[WrittenBatch]] = deque()
        blocks = read_text_blocks(path, block_bytes=PIECES * self._batch_bytes)
        try:
            for number, block in enumerate(blocks):
                target = folder / f"events-{origin.file_number}-{number}.parquet"
                under_way.append(self._threads.submit(self._ask, block, origin, target))
                if len(under_way) > self._processes:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()

    def _ask(self, block: TextBlock, origin: Origin, target: Path) -> WrittenBatch:
        """Has the process of this thread read a block."""
        worker = self._worker()
        size = len(block.data)
        request = BlockRequest(
            origin, block.first_line, block.is_cut, size, str(target), self._batch_bytes
        )
        try:
            worker.stdin.write(msgspec.json.encode(request) + b"\n")
            worker.stdin.write(block.data)
            worker.stdin.flush()
            answer = msgspec.json.decode(worker.stdout.readline(), type=BlockAnswer)
            body = worker.stdout.read(answer.rejected_bytes)
        except (OSError, msgspec.MsgspecError) as error:
            raise MeterhouseError(
                "A process that read lines ended before it had answered.",
                remedy="it may have been out of memory: set METERHOUSE_INGESTION_READ_PROCESSES "
                "lower, then run the same command again",
            ) from error
        if answer.failure:
            raise MeterhouseError(
                f"A process that read lines could not write: {answer.failure}",
                remedy="check the disk of the state folder, then run the same command again",
            )
        return WrittenBatch(
            origin.file_number,
            target if answer.event_count else None,
            answer.event_count,
            pa.ipc.open_stream(body).read_all(),
            block.line_count,
        )

    def _worker(self) -> subprocess.Popen[bytes]:
        """Returns the process of this thread, starting it first."""
        worker = getattr(self._own, "worker", None)
        if worker is None:
            worker = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(PROJECT_ROOT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            self._own.worker = worker
            self.workers.append(worker)
        return worker
