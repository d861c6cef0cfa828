"""The power goes: what was acknowledged or handed over by then is on the disk, under its name.

A disk is played here: a file holds what it held at its last fsync, a folder the names of its last.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exports.publication import pending_folder
from ingestion.collector.segments import OpenSegment, recover_segment

NOW = datetime(2026, 9, 1, tzinfo=UTC)
Disk = Callable[[Path, Path], Path]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Returns what makes a folder as a power cut would leave another."""
    contents: dict[int, bytes] = {}
    names: dict[int, dict[str, int]] = {}
    sync = os.fsync

    def remember(descriptor: int) -> None:
        sync(descriptor)
        state, path = os.fstat(descriptor), Path(f"/proc/self/fd/{descriptor}")
        if stat.S_ISDIR(state.st_mode):
            names[state.st_ino] = {entry.name: entry.inode() for entry in os.scandir(path)}
        else:
            contents[state.st_ino] = path.read_bytes()

    def restore(number: int, target: Path) -> Path:
        target.mkdir()
        for name, inode in names.get(number, {}).items():
            if inode in names:
                restore(inode, target / name)
            else:
                (target / name).write_bytes(contents.get(inode, b""))
        return target

    monkeypatch.setattr(os, "fsync", remember)
    return lambda folder, target: restore(folder.stat().st_ino, target)


def test_a_segment_holds_what_was_acknowledged(disk: Disk, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    with ThreadPoolExecutor(1) as companion:
        segment = OpenSegment(spool, now=NOW, companion=companion)
        for number in range(2):
            segment.append(b"line %d\n" % number, line_count=1, answers=())
            left = disk(spool, tmp_path / f"acknowledged {number}")
            (open_path,) = left.glob("*.open")
            found = recover_segment(open_path)
            assert (found.path is not None, found.cut_bytes) == (True, 0)
            assert found.path.read_bytes().split(b"\n")[2:] == [  # type: ignore[union-attr]
                *(b"line %d" % n for n in range(number + 1)),
                b"",
            ]
        segment.make_ready()
    left = disk(spool, tmp_path / "ready")
    (ready,) = left.glob("*.jsonl")
    assert ready.read_bytes().endswith(b"line 0\nline 1\n")


def test_an_export_is_there_whole_before_the_one_before_it_goes(disk: Disk, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number in range(2):
        with pending_folder(out, name="invoices") as pending:
            (pending.path / "invoices.csv").write_text(f"export {number}")
            (pending.path / "manifest.json").write_text(f"{number}")
            assert pending.publish()
        left = disk(out, tmp_path / f"after {number}")
        assert (left / "invoices" / "invoices.csv").read_text() == f"export {number}"
        assert (left / "invoices" / "manifest.json").read_text() == f"{number}"
