"""The spool: what was acknowledged is there after any cut, and nothing else; each file is new."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from ingestion.collector.answers import Answer, AnswerStore, Exceptional, KeptAnswer
from ingestion.collector.judging import judge_lines
from ingestion.collector.segments import JOURNAL, OPEN, read_journal
from ingestion.collector.settings import CollectorSettings
from ingestion.collector.spool import Spool, list_ready, probe_writable
from ingestion.contracts import MAX_LINE_BYTES
from ingestion.files import expand_paths
from ingestion.reading import read_file
from ingestion.validator import Origin
from warehouse import MeterhouseError

GOOD = (
    b'{"event_id":"e","customer_id":"c","event_type":"t",'
    b'"occurred_at":"2026-11-20T10:00:00Z","quantity":1}'
)
ORIGIN = Origin(load_id=1, file_number=1, delivery_prefix="0")
LINES = st.one_of(
    st.sampled_from(
        [GOOD, GOOD + b"\r", b"\xef\xbb\xbf" + GOOD, b"\x1f\x8b" + GOOD, b"\x28\xb5\x2f\xfd"]
    ),
    st.sampled_from([b"\xff\xfe{", b"\x00", b"{}", b"[]", b"null", b'"' + b"x" * MAX_LINE_BYTES]),
    st.binary(min_size=1, max_size=40).map(lambda raw: raw.replace(b"\n", b"?")),
).filter(lambda line: bool(line.strip()))


def settings_for(folder: Path, **changes: object) -> CollectorSettings:
    return CollectorSettings(state_dir=folder, free_bytes=0, **changes)


def kept(number: int, *, at: int = 2_000_000_000) -> KeptAnswer:
    answer = Answer(f"batch:{number}", 1, (Exceptional(0, "rejected", "malformed_json", "x"),))
    return KeptAnswer(b"%016d" % number, b"body" * 4, at, answer)


def append(spool: Spool, *lines: bytes, answers: tuple[KeptAnswer, ...] = ()) -> None:
    data = b"".join(line + b"\n" for line in lines)
    spool.append(data, line_count=len(lines), answers=answers)


def lines_of(folder: Path) -> list[bytes]:
    found = b"".join(path.read_bytes() for path in list_ready(folder)).split(b"\n")
    return [line for line in found if line.strip()]


@given(st.lists(LINES, min_size=1, max_size=6))
@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_segment_is_read_as_its_lines_were_judged(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(settings_for(folder, spool_dir=folder))
    name, first_line = spool.position
    append(spool, *lines)
    spool.close()
    assert [path.name for path in expand_paths([folder])] == [name]
    judgement = judge_lines(lines)
    events: dict[int, str] = {}
    rejected: dict[int, tuple[str, str]] = {}
    for verdicts, _ in read_file(folder / name, origin=ORIGIN, mapping=None, batch_bytes=1 << 20):
        for row in verdicts.events.to_pylist():
            events[row["line_number"] - first_line] = row["customer_id"]
        for row in verdicts.rejected.to_pylist():
            rejected[row["line_number"] - first_line] = (row["reason"], row["detail"])
    assert events == judgement.customers
    assert rejected == {
        place: (item.reason.value, item.detail) for place, item in judgement.rejections.items()
    }
    shutil.rmtree(folder)


def test_the_same_events_are_never_the_same_file(tmp_path: Path) -> None:
    spool = Spool(settings_for(tmp_path, spool_dir=tmp_path))
    for _ in range(2):
        append(spool, GOOD)
        spool.make_ready()
    spool.close()
    digests = {hashlib.sha256(path.read_bytes()).digest() for path in list_ready(tmp_path)}
    assert len(digests) == 2


def test_open_segments_are_not_found_by_a_loader(tmp_path: Path) -> None:
    spool = Spool(settings_for(tmp_path, spool_dir=tmp_path))
    append(spool, GOOD, answers=(kept(1),))
    with pytest.raises(MeterhouseError, match="no file"):
        expand_paths([tmp_path])
    spool.make_ready()
    assert len(expand_paths([tmp_path])) == 1
    spool.close()


def test_a_torn_tail_is_cut_to_what_was_acknowledged(tmp_path: Path) -> None:
    """Cuts both files at many places, as a power cut may, one further than the other or not."""
    origin = tmp_path / "origin"
    spool = Spool(settings_for(origin, spool_dir=origin))
    groups = [[b"a1", b"a2"], [b"b1"], [b"c1", b"c2", b"c3"]]
    ends = []
    for number, group in enumerate(groups):
        append(spool, *group, answers=(kept(number),))
        ends.append(next(origin.glob(f"*{OPEN}")).stat().st_size)
    data_path, journal = next(origin.glob(f"*{OPEN}")), next(origin.glob(f"*{JOURNAL}"))
    data, record = data_path.read_bytes(), journal.read_bytes()
    spool.close()
    journal_ends = [place + 1 for place, byte in enumerate(record) if byte == ord("\n")]
    cuts = [(len(data), place) for place in range(0, len(record) + 1, 7)]
    cuts += [(place, len(record)) for place in range(len(data) + 1)]
    for data_cut, journal_cut in cuts:
        folder = tmp_path / "cut"
        folder.mkdir()
        zeros = bytes(3 if data_cut % 2 else 0)
        (folder / data_path.name).write_bytes(data[:data_cut] + zeros)
        (folder / journal.name).write_bytes(record[:journal_cut] + zeros)
        whole = sum(
            data_cut >= end and journal_cut >= mark
            for end, mark in zip(ends, journal_ends, strict=True)
        )
        recovered = Spool(settings_for(folder, spool_dir=folder))
        assert lines_of(folder) == [line for group in groups[:whole] for line in group]
        for number in range(3):
            found = recovered.answers.find(kept(number).key, now=2_000_000_000)
            assert (found is not None) == (number < whole)
        recovered.close()
        assert not list(folder.glob(f"*{OPEN}"))
        shutil.rmtree(folder)


def test_bytes_that_changed_on_the_disk_do_not_count(tmp_path: Path) -> None:
    spool = Spool(settings_for(tmp_path, spool_dir=tmp_path))
    append(spool, b"first")
    append(spool, b"second")
    path = next(tmp_path.glob(f"*{OPEN}"))
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in (path, path.with_name(path.name.removesuffix(OPEN) + JOURNAL)):
        (copy / file.name).write_bytes(file.read_bytes().replace(b"second\n", b"sec0nd\n"))
    spool.close()
    Spool(settings_for(copy, spool_dir=copy)).close()
    assert lines_of(copy) == [b"first"]


def test_a_spool_has_one_writer(tmp_path: Path) -> None:
    first = Spool(settings_for(tmp_path))
    with pytest.raises(MeterhouseError, match="Another collector"):
        Spool(settings_for(tmp_path))
    first.close()
    Spool(settings_for(tmp_path)).close()


def test_segments_become_ready_by_size(tmp_path: Path) -> None:
    spool = Spool(settings_for(tmp_path, spool_dir=tmp_path, segment_bytes=1024))
    for _ in range(30):
        append(spool, GOOD)
    assert 2 <= len(list_ready(tmp_path)) < 30
    spool.close()
    assert len(lines_of(tmp_path)) == 30
    assert not list(tmp_path.glob(f"*{JOURNAL}"))


@pytest.mark.parametrize("suffix", [OPEN, JOURNAL])
def test_a_group_that_failed_leaves_nothing_and_the_next_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """One of the two files can't be made durable, as when a disk fails."""
    spool = Spool(settings_for(tmp_path, spool_dir=tmp_path))
    append(spool, b"first")
    segment = next(tmp_path.glob(f"*{OPEN}"))
    failing = segment.with_name(segment.name.removesuffix(OPEN) + suffix).stat().st_ino
    sync = os.fsync

    def fail(descriptor: int) -> None:
        if os.fstat(descriptor).st_ino == failing:
            raise OSError(28, "no more space")
        sync(descriptor)

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no more"):
        append(spool, b"second", answers=(kept(1),))
    monkeypatch.undo()
    append(spool, b"third")
    spool.make_ready_if_due()
    spool.close()
    assert sorted(lines_of(tmp_path)) == [b"first", b"third"]
    assert spool.answers.find(kept(1).key, now=0) is None


def test_answers_outlive_a_restart_for_their_time_only(tmp_path: Path) -> None:
    now = int(time.time())
    settings = settings_for(tmp_path, spool_dir=tmp_path, idempotency_hours=1)
    spool = Spool(settings)
    append(spool, GOOD, answers=(kept(1, at=now - 3700), kept(2, at=now)))
    spool.close()
    again = Spool(settings)
    assert again.answers.find(kept(1).key, now=now) is None
    assert again.answers.find(kept(2).key, now=now) == (kept(2).body, kept(2).answer)
    assert again.answers.find(kept(2).key, now=now + 3600) is None
    again.close()


def test_answers_are_bounded_in_size() -> None:
    store = AnswerStore(keep_seconds=100, limit_bytes=10_000)
    store.remember([kept(number, at=5) for number in range(100)], now=5)
    assert 10 < len(store) < 40
    assert store.find(kept(99).key, now=5)
    assert store.find(kept(0).key, now=5) is None
    assert store.forgotten_early == 100 - len(store)
    store.remember([], now=200)
    assert len(store) == 0


def test_a_journal_is_read_up_to_its_first_bad_line(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "absent") == []
    (tmp_path / "junk.journal").write_bytes(b"\x00\xff\njunk\n")
    assert read_journal(tmp_path / "junk.journal") == []


def test_a_folder_without_space_is_not_writable(tmp_path: Path) -> None:
    assert probe_writable(tmp_path, free_bytes=0) == ""
    assert "space" in probe_writable(tmp_path, free_bytes=1 << 60)
    assert "can't be written" in probe_writable(tmp_path / "absent", free_bytes=0)
