"""Bad files are refused whole or by line; order and split of good ones do not count."""

from __future__ import annotations

import gzip
import os
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion import loads
from ingestion.load_reports import RefusedFilesError
from ingestion.loads import load_files
from ingestion.reading import read_file
from ingestion.settings import IngestionSettings
from tests.dbt_harness import read_as_admin
from tests.dumps import ADMITTED, AGGREGATED, DRAFTED, dump
from tests.faults.bad_events import line
from tests.faults.commands import Commands
from tests.faults.usage import BAD_LINES, make_event, split_lines
from warehouse import Warehouse

GIBIBYTE = 1 << 30
READ_LONG_LINE = """
import sys
from pathlib import Path
from ingestion.reading import read_file
from ingestion.validator import Origin
counts = [(v.events.num_rows, v.rejected["reason"].to_pylist(), n)
    for v, n in read_file(Path(sys.argv[1]), origin=Origin(1, 1, "0" * 16), mapping=None,
                          batch_bytes=8 << 20)]
print(sum(c[0] for c in counts), [r for c in counts for r in c[1]])
# of this program alone: ru_maxrss would begin with what the process had that started it
status = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def test_bad_files_are_refused_and_the_others_land_once(
    fresh: Callable[[], Warehouse], commands: Commands, tmp_path: Path
) -> None:
    warehouse = fresh()
    whole = gzip.compress(line("gz") + b"\n")
    contents = {
        "cut.jsonl.gz": whole[:-5],
        "tail.jsonl.gz": whole + b"garbage",
        "no_gzip.jsonl.gz": line("named wrongly"),
        "empty.jsonl": b"",
        "good.jsonl": line("good") + b"\n" + line("no final newline"),
        "half.jsonl": line("before half") + b"\n" + line("half")[:40],
        "renamed.jsonl": line("good") + b"\n" + line("no final newline"),
        "old.jsonl": line("old"),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    os.utime(tmp_path / "old.jsonl", (0, 0))
    try:
        load_files(warehouse, [tmp_path])
    except RefusedFilesError as error:
        refused = sorted(Path(problem.file or "").name for problem in error.problems)
    assert refused == ["cut.jsonl.gz", "no_gzip.jsonl.gz", "tail.jsonl.gz"]
    shutil.copy(tmp_path / "good.jsonl", tmp_path / "again.jsonl")
    (tmp_path / "good.jsonl").write_bytes(line("same name, new content"))
    for name in refused:
        (tmp_path / name).unlink()
    report = load_files(warehouse, [tmp_path])
    assert [unit.unit.name for unit in report.new_files] == ["good.jsonl"]
    commands.run("build", warehouse)
    accepted = read_as_admin(warehouse, "select event_id from marts.fct_usage_events order by 1")
    assert [name for (name,) in accepted] == [
        *("before half", "good", "no final newline", "old", "same name, new content"),
    ]
    assert read_as_admin(warehouse, "select reason from ops.event_fates") == [("malformed_json",)]


def test_a_file_that_vanishes_while_it_is_read_lands_when_it_is_back(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line(f"v{number}") for number in range(100)]
    going, staying = tmp_path / "going.jsonl", tmp_path / "staying.jsonl"
    going.write_bytes(b"\n".join(lines))
    staying.write_bytes(line("stays"))

    def vanish(path: Path, **arguments: Any) -> Iterator[object]:
        for number, batch in enumerate(read_file(path, **arguments)):
            yield batch
            if not number and path == going:
                going.rename(tmp_path / "gone")

    monkeypatch.setattr(loads, "read_file", vanish)
    settings = IngestionSettings(batch_bytes=1024, read_processes=1)
    with pytest.raises(RefusedFilesError, match="changed while it was read"):
        load_files(warehouse, [tmp_path], settings=settings)
    events = "select count(*), count(distinct event_id) from raw_usage.events"
    assert read_as_admin(warehouse, events) == [(1, 1)]
    (tmp_path / "gone").rename(going)
    monkeypatch.undo()
    report = load_files(warehouse, [tmp_path], settings=settings)
    assert [unit.unit.name for unit in report.new_files] == ["going.jsonl"]
    assert read_as_admin(warehouse, events) == [(101, 101)]


def test_a_line_of_a_gibibyte_is_quarantined_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.write(line("first") + b"\n")
        file.truncate(GIBIBYTE)  # a hole in the file: zero bytes that take no space
        file.seek(GIBIBYTE)
        file.write(b"\n" + line("last"))
    read = subprocess.run(
        [sys.executable, "-c", READ_LONG_LINE, str(path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (GIBIBYTE, GIBIBYTE)),
    )
    assert read.returncode == 0, read.stderr[-2000:]
    counts, peak_kib = read.stdout.splitlines()
    assert counts == "2 ['line_too_long']"
    assert int(peak_kib) < GIBIBYTE // 1024 // 2


def test_any_order_and_any_split_give_the_same_dump(
    fresh: Callable[[], Warehouse], commands: Commands, seeded: random.Random, tmp_path: Path
) -> None:
    lines = [make_event(seeded, f"p{n}") for n in range(300)]
    lines += seeded.choices(lines, k=60)
    found = []
    for number, files in enumerate((1, 3)):
        seeded.shuffle(lines)
        warehouse = fresh()
        for path in split_lines(tmp_path / str(number), lines, files=files, name="part"):
            commands.run("load", warehouse, path)
        commands.run("build", warehouse)
        found.append(dump(warehouse, {**ADMITTED, **AGGREGATED, **DRAFTED}))
    assert found[0] == found[1]


def test_one_poisoned_line_among_many_holds_nothing_up(
    fresh: Callable[[], Warehouse], commands: Commands, seeded: random.Random, tmp_path: Path
) -> None:
    lines = [make_event(seeded, f"g{n}") for n in range(2000)]
    for poison in (*BAD_LINES, "\x00", "{" * 5000):
        lines.insert(seeded.randrange(len(lines)), poison)
    warehouse = fresh()
    commands.run("load", warehouse, *split_lines(tmp_path, lines, files=1, name="poisoned"))
    commands.run("build", warehouse)
    assert read_as_admin(
        warehouse,
        "select (select count(*) from marts.fct_usage_events), count(*) from ops.event_fates",
    ) == [(2000, len(BAD_LINES) + 2)]
