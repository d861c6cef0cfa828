"""Several processes read a file exactly as one does, and none of them outlives its parent."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.contracts import EVENTS_SCHEMA, MAX_LINE_BYTES
from ingestion.parallel_reading import LONG, ParallelReader
from ingestion.readers.streams import RefusedFileError
from ingestion.reading import read_file
from ingestion.validator import Origin
from warehouse import MeterhouseError
from warehouse.settings import PROJECT_ROOT

ORIGIN = Origin(load_id=7, file_number=3, delivery_prefix="0123456789abcdef")
BATCH_BYTES = 4096


def event_line(number: int) -> str:
    event = {
        "event_id": f"e{number}",
        "customer_id": f"c{number % 5}",
        "event_type": "t",
        "occurred_at": "2026-09-01T00:00:00Z",
        "quantity": number,
        "properties": {"model": f"m{number % 3}"},
    }
    return json.dumps(event)


def write_lines(path: Path) -> Path:
    lines = [event_line(number) for number in range(2_000)]
    lines[10] = "no event"
    lines[500] = ""
    lines[900] = '{"event_id":"' + "x" * (MAX_LINE_BYTES + 10) + '"}'
    lines[1_999] = event_line(1).replace('"t"', '"t","event_type":"u"')
    data = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_processes_read_as_one_does(tmp_path: Path, name: str) -> None:
    path = write_lines(tmp_path / name)
    alone = list(read_file(path, origin=ORIGIN, mapping=None, batch_bytes=BATCH_BYTES))
    with ParallelReader(processes=2, batch_bytes=BATCH_BYTES) as readers:
        shared = list(readers.read(path, origin=ORIGIN, folder=tmp_path / "reading"))
    assert len(shared) > 10
    events = [pq.read_table(batch.events) for batch in shared if batch.events]
    assert all(table.schema.equals(EVENTS_SCHEMA) for table in events)
    assert pa.concat_tables(events).equals(
        pa.concat_tables([verdicts.events for verdicts, _ in alone])
    )
    assert pa.concat_tables([batch.rejected for batch in shared]).equals(
        pa.concat_tables([verdicts.rejected for verdicts, _ in alone])
    )
    assert sum(batch.line_count for batch in shared) == 2_000
    assert sum(batch.event_count for batch in shared) == 1_996


def test_a_damaged_file_is_refused_whole(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-20])
    with ParallelReader(processes=2, batch_bytes=BATCH_BYTES) as readers:
        batches = readers.read(path, origin=ORIGIN, folder=tmp_path / "reading")
        with pytest.raises(RefusedFileError):
            list(batches)


def test_only_long_files_of_native_lines_are_shared_out(tmp_path: Path) -> None:
    long, short = tmp_path / "long.jsonl", tmp_path / "short.jsonl"
    long.write_bytes(b"x" * (LONG * BATCH_BYTES + 1))
    short.write_bytes(b"x" * (LONG * BATCH_BYTES))
    other = tmp_path / "long.csv"
    other.write_bytes(long.read_bytes())
    readers = ParallelReader(processes=2, batch_bytes=BATCH_BYTES)
    assert [readers.is_worthwhile(path) for path in (long, short, other)] == [True, False, False]
    assert not ParallelReader(processes=1, batch_bytes=BATCH_BYTES).is_worthwhile(long)


SHARING = """
import os, sys
from pathlib import Path
from ingestion.parallel_reading import ParallelReader
from ingestion.validator import Origin

if __name__ == "__main__":
    path = Path(sys.argv[1])
    readers = ParallelReader(processes=2, batch_bytes=4096)
    batches = readers.read(path, origin=Origin(1, 1, "p"), folder=path.parent / "reading")
    next(batches)
    print(*(worker.pid for worker in readers.workers), flush=True)
    sys.stdin.read()
"""


def test_processes_end_with_their_parent(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl")
    script = tmp_path / "sharing.py"
    script.write_text(SHARING)
    parent = subprocess.Popen(
        [sys.executable, str(script), str(path)],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    for _ in range(100):
        left = [pid for pid in children if Path(f"/proc/{pid}").exists()]
        if not left:
            break
        time.sleep(0.1)
    assert left == []


def test_a_process_that_ends_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl")
    with ParallelReader(processes=2, batch_bytes=BATCH_BYTES) as readers:
        batches = readers.read(path, origin=ORIGIN, folder=tmp_path / "reading")
        next(batches)
        for worker in readers.workers:
            worker.kill()
        with pytest.raises(MeterhouseError, match="ended before it had answered") as raised:
            list(batches)
    assert "READ_PROCESSES" in str(raised.value.remedy)


def test_a_process_that_cannot_write_says_why(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl")
    with ParallelReader(processes=2, batch_bytes=BATCH_BYTES) as readers:
        (tmp_path / "reading" / "events-3-0.parquet").mkdir(parents=True)
        batches = readers.read(path, origin=ORIGIN, folder=tmp_path / "reading")
        with pytest.raises(MeterhouseError, match="could not write"):
            list(batches)
