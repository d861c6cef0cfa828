"""Markers on a real Postgres: only what is marked lands, and only as its marker says."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest

from ingestion.load_reports import RefusedFilesError
from ingestion.loads import load_files
from ingestion.settings import IngestionSettings
from tests.integration.test_load_files import query, write_events
from warehouse import MeterhouseError, Warehouse

MARKED = IngestionSettings(ready_markers=True)


def mark(file: Path, **said: object) -> None:
    file.with_name(file.name + ".ready").write_text(json.dumps(said) if said else "")


def test_only_files_with_a_marker_land(warehouse: Warehouse, tmp_path: Path) -> None:
    write_events(tmp_path / "late.jsonl", 10)
    mark(write_events(tmp_path / "plain.jsonl", 10, first=100))
    whole = write_events(tmp_path / "whole.jsonl.gz", 10, first=200)
    mark(whole, lines=11, sha256=hashlib.sha256(whole.read_bytes()).hexdigest().upper())
    report = load_files(warehouse, [tmp_path], settings=MARKED)
    assert sorted(unit.unit.name for unit in report.new_files) == ["plain.jsonl", "whole.jsonl.gz"]
    assert report.waiting_files == ("late.jsonl",)
    mark(tmp_path / "late.jsonl")
    assert load_files(warehouse, [tmp_path], settings=MARKED).event_count == 10
    again = load_files(warehouse, [tmp_path], settings=MARKED)
    assert (again.load_id, len(again.known_files), again.waiting_files) == (None, 3, ())


def test_a_marker_of_the_folder_stands_for_all_files(warehouse: Warehouse, tmp_path: Path) -> None:
    write_events(tmp_path / "a.jsonl", 10)
    assert load_files(warehouse, [tmp_path], settings=MARKED).load_id is None
    (tmp_path / "_SUCCESS").touch()
    assert load_files(warehouse, [tmp_path], settings=MARKED).event_count == 10


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('{"lines": 10}', "it has 11 lines, its marker says 10"),
        ('{"lines": 12}', "it has 11 lines, its marker says 12"),
        ('{"sha256": "' + "0" * 64 + '"}', "its marker says 0000000000000000"),
        ('{"sha256": "abc"}', "not 64 hexadecimal digits"),
        ('{"lines": "11"}', "lines is no count"),
        ('{"line": 11}', "no object of lines and sha256"),
        ("{", "its marker can't be read"),
    ],
    ids=["fewer", "more", "other bytes", "no hash", "no number", "no such word", "no json"],
)
def test_a_file_that_is_not_as_marked_is_refused_whole(
    warehouse: Warehouse, tmp_path: Path, marker: str, said: str
) -> None:
    bad = write_events(tmp_path / "a.jsonl.gz", 10)
    bad.with_name("a.jsonl.gz.ready").write_text(marker)
    mark(write_events(tmp_path / "b.jsonl", 10, first=100))
    with pytest.raises(RefusedFilesError) as caught:
        load_files(warehouse, [tmp_path], settings=MARKED)
    problem = caught.value.problems[0]
    assert problem.file == str(bad)
    assert said in problem.message
    assert problem.remedy
    assert caught.value.report.event_count == 10
    landed = query(warehouse, "select distinct file_name from ops.files")
    assert landed == [("b.jsonl",)]
    mark(bad, lines=11)
    assert load_files(warehouse, [tmp_path], settings=MARKED).event_count == 10


def test_incomplete_names_are_never_taken(warehouse: Warehouse, tmp_path: Path) -> None:
    for name in (".a.jsonl", "a.jsonl.part", "a.jsonl.tmp", "a.jsonl.ready", "_SUCCESS"):
        (tmp_path / name).write_text("{}")
        with pytest.raises(MeterhouseError, match="is not taken"):
            load_files(warehouse, [tmp_path / name])
    with pytest.raises(MeterhouseError, match="finds no file"):
        load_files(warehouse, [tmp_path])
    write_events(tmp_path / "a.jsonl", 5)
    report = load_files(warehouse, [str(tmp_path / "*")])
    assert [unit.unit.name for unit in report.new_files] == ["a.jsonl"]


def test_new_content_under_an_old_time_and_name_is_loaded(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    file = write_events(tmp_path / "a.jsonl", 10)
    os.utime(file, (1, 1))
    size = file.stat().st_size
    load_files(warehouse, [tmp_path])
    write_events(file, 10, first=10, faulty=0)
    file.write_bytes(file.read_bytes().ljust(size))
    os.utime(file, (1, 1))
    assert load_files(warehouse, [tmp_path]).event_count == 10
    file.with_name("b.jsonl.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    assert load_files(warehouse, [tmp_path]).event_count == 10
