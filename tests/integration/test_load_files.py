"""Loading on a real Postgres: each content lands once, whole, and the ledger says so."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.landing import Landing
from ingestion.load_reports import RefusedFilesError
from ingestion.loads import load_files
from ingestion.settings import IngestionSettings
from ingestion.turns import only_loader
from warehouse import Role, Warehouse

MAPPINGS = Path(__file__).resolve().parents[2] / "examples" / "mappings"


def write_events(path: Path, count: int, *, first: int = 0, faulty: int = 1) -> Path:
    """Writes native events, the last `faulty` lines of which are none."""
    lines = [
        json.dumps(
            {
                "event_id": f"e{number}",
                "customer_id": f"c{number % 3}",
                "event_type": "t",
                "occurred_at": "2026-09-01T00:00:00.000001Z",
                "quantity": f"{number}.000000001",
                "properties": {"model": "\u00e9'; drop table--", "n": number},
            }
        )
        for number in range(first, first + count)
    ]
    data = "\n".join([*lines, *["broken \u0001"] * faulty]).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def query(warehouse: Warehouse, sql: str) -> list[tuple]:
    with warehouse.engine(Role.LOADER).connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def test_events_land_exactly(warehouse: Warehouse, tmp_path: Path) -> None:
    file = write_events(tmp_path / "a.jsonl.gz", 2_000, faulty=2)
    report = load_files(warehouse, [file], settings=IngestionSettings(batch_bytes=20_000))
    assert (report.received_count, report.event_count, report.rejected_count) == (2_002, 2_000, 2)
    assert report.rejected_by_reason == {"malformed_json": 2}
    rows = query(warehouse, "select * from raw_usage.events order by line_number")
    assert len(rows) == 2_000
    prefix = report.new_files[0].unit.sha256[:16]
    assert rows[7] == (
        *(report.load_id, f"{prefix}:8", 1, 8, "c1", "e7", "t"),
        datetime(2026, 9, 1, 0, 0, 0, 1, tzinfo=UTC),
        Decimal("7.000000001"),
        '{"n": 7, "model": "\u00e9\'; drop table--"}',
    )
    rejected = query(warehouse, "select line_number, reason, raw_text from raw_usage.rejected")
    assert sorted(rejected) == [(line, "malformed_json", "broken \x01") for line in (2001, 2002)]
    loads = query(
        warehouse,
        "select load_id, state, mapping_name, received_count, event_count, rejected_count,"
        " landed_at is not null, dlt_load_id <> '' from ops.loads",
    )
    assert loads == [(report.load_id, "landed", "native", 2_002, 2_000, 2, True, True)]
    files = query(
        warehouse,
        "select file_name, file_number, line_count, received_count, event_count, rejected_count"
        " from ops.files",
    )
    assert files == [("a.jsonl.gz", 1, 2_002, 2_002, 2_000, 2)]


def test_dlt_changes_nothing_of_our_tables(warehouse: Warehouse, tmp_path: Path) -> None:
    columns = (
        "select table_name, column_name, data_type, is_nullable, collation_name,"
        " numeric_precision, numeric_scale from information_schema.columns"
        " where table_name in ('events', 'rejected') and table_schema = 'raw_usage' order by 1, 2"
    )
    indexes = "select indexname from pg_indexes where schemaname = 'raw_usage' order by 1"
    before = query(warehouse, columns)
    load_files(warehouse, [write_events(tmp_path / "a.jsonl", 5)])
    assert query(warehouse, columns) == before
    assert query(warehouse, indexes) == [
        *(("events_load_id",), ("events_that_void",), ("rejected_load_id",))
    ]
    assert not (warehouse.state_dir / "dlt").exists() or not any(
        (warehouse.state_dir / "dlt").iterdir()
    )


def test_known_content_lands_once_whatever_it_is_called(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    first = write_events(tmp_path / "a.jsonl", 10)
    twin = shutil.copy(first, tmp_path / "b.jsonl")
    report = load_files(warehouse, [first, twin])
    assert (report.event_count, report.known_files) == (10, ("b.jsonl",))
    first.rename(tmp_path / "renamed.jsonl")
    again = load_files(warehouse, [tmp_path])
    assert (again.load_id, again.received_count) == (None, 0)
    assert again.known_files == ("b.jsonl", "renamed.jsonl")
    assert query(warehouse, "select count(*) from raw_usage.events") == [(10,)]
    assert query(warehouse, "select count(*) from ops.loads") == [(1,)]
    sightings = query(warehouse, "select file_name from ops.file_sightings order by 1")
    assert sightings == [("b.jsonl",), ("b.jsonl",), ("renamed.jsonl",)]


def test_same_name_with_new_content_is_new(warehouse: Warehouse, tmp_path: Path) -> None:
    load_files(warehouse, [write_events(tmp_path / "a.jsonl", 10)])
    report = load_files(warehouse, [write_events(tmp_path / "a.jsonl", 4, first=10)])
    assert report.event_count == 4
    assert query(warehouse, "select count(*) from raw_usage.events") == [(14,)]


def test_a_damaged_file_is_refused_and_the_others_land(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    write_events(tmp_path / "a.jsonl", 300)
    whole = write_events(tmp_path / "b.jsonl.gz", 3_000, first=300).read_bytes()
    (tmp_path / "b.jsonl.gz").write_bytes(whole[:-9])
    write_events(tmp_path / "c.jsonl", 7, first=5_000)
    settings = IngestionSettings(batch_bytes=4096)
    with pytest.raises(RefusedFilesError, match=r"b\.jsonl\.gz") as caught:
        load_files(warehouse, [tmp_path], settings=settings)
    report = caught.value.report
    assert (report.event_count, report.rejected_count) == (307, 2)
    assert query(warehouse, "select count(*) from raw_usage.events") == [(307,)]
    (tmp_path / "b.jsonl.gz").write_bytes(whole)
    mended = load_files(warehouse, [tmp_path], settings=settings)
    assert (mended.event_count, len(mended.known_files)) == (3_000, 2)


def test_when_all_files_are_refused_nothing_lands(warehouse: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(b"x" * 1000)[:-5])
    with pytest.raises(RefusedFilesError) as caught:
        load_files(warehouse, [file])
    assert caught.value.report.load_id is None
    assert query(warehouse, "select state from ops.loads") == [("aborted",)]
    assert query(warehouse, "select count(*) from raw_usage.rejected") == [(0,)]


def test_a_file_without_events_lands_as_nothing(warehouse: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    report = load_files(warehouse, [tmp_path])
    assert (len(report.new_files), report.received_count) == (1, 0)
    assert load_files(warehouse, [tmp_path]).known_files == ("a.jsonl",)


def test_a_file_may_be_loaded_by_several_mappings(warehouse: Warehouse, tmp_path: Path) -> None:
    data = "model,client_id,category,window_start_s,metric,requests,quantity,reading_type\n"
    (tmp_path / "t.csv").write_text(data + "m,1,x,600,output_tokens,2,5,actual\n")
    fine = load_files(warehouse, [tmp_path], MAPPINGS / "servegen_request_windows.yaml")
    coarse = load_files(warehouse, [tmp_path], str(MAPPINGS / "servegen_token_windows.yaml"))
    assert (fine.event_count, coarse.event_count) == (1, 2)
    found = query(
        warehouse,
        "select mapping_name, event_type, quantity::int, occurred_at, customer_id"
        " from raw_usage.events inner join ops.loads using (load_id) order by 1, 2",
    )
    instant = datetime(2026, 9, 1, 0, 10, tzinfo=UTC)
    assert found == [
        ("servegen_request_windows", "requests", 2, instant, "m/1"),
        ("servegen_token_windows", "output_tokens", 5, instant, "m/1"),
        ("servegen_token_windows", "requests_6h", 2, instant, "m/1"),
    ]


def test_an_edited_mapping_says_what_it_does_not_read_again(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    text = (MAPPINGS / "servegen_request_windows.yaml").read_text()
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(text)
    data = "model,client_id,category,window_start_s,metric,requests,quantity,reading_type\n"
    (tmp_path / "t.csv").write_text(data + "m,1,x,600,output_tokens,2,5,actual\n")
    first = load_files(warehouse, [tmp_path / "t.csv"], mapping)
    again = load_files(warehouse, [tmp_path / "t.csv"], mapping)
    assert (first.outdated_files, again.outdated_files) == ((), ())
    mapping.write_text(text + "# edited\n")
    edited = load_files(warehouse, [tmp_path / "t.csv"], mapping)
    assert (edited.load_id, edited.known_files) == (None, ("t.csv",))
    assert edited.outdated_files == ("t.csv",)


def test_a_file_that_changes_while_it_is_read_is_refused(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_events(tmp_path / "a.jsonl", 500)
    once = Landing.extract

    def disturbed(landing: Landing, batches: object) -> None:
        write_events(file, 500, first=1)
        once(landing, batches)

    monkeypatch.setattr(Landing, "extract", disturbed)
    with pytest.raises(RefusedFilesError, match="changed while it was read"):
        load_files(warehouse, [file])
    assert query(warehouse, "select count(*) from raw_usage.events") == [(0,)]


def test_rows_that_landed_twice_are_landed_again(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry inside dlt after an unknown commit outcome lands a file twice."""
    once = Landing.load
    calls: list[int] = []

    def twice(landing: Landing) -> str:
        found = once(landing)
        calls.append(1)
        if len(calls) == 1:
            with warehouse.engine(Role.LOADER).begin() as connection:
                connection.execute(
                    text("insert into raw_usage.events select * from raw_usage.events")
                )
        return found

    monkeypatch.setattr(Landing, "load", twice)
    report = load_files(warehouse, [write_events(tmp_path / "a.jsonl", 50)])
    assert report.event_count == 50
    assert len(calls) == 2
    counts = "select count(*), count(distinct delivery_id) from raw_usage.events"
    assert query(warehouse, counts) == [(50, 50)]


def test_two_loaders_take_turns(
    warehouse: Warehouse,
    tmp_path: Path,
    environment_of: Callable[[Warehouse], dict[str, str]],
) -> None:
    write_events(tmp_path / "a.jsonl", 400)
    script = (
        "import sys; from warehouse import open_warehouse; from ingestion.loads import load_files;"
        "print(load_files(open_warehouse(), sys.argv[1:]).event_count)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with only_loader(warehouse.engine(Role.LOADER), pipeline="usage"):
        processes = [
            subprocess.Popen(
                command, env=environment_of(warehouse), stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        with pytest.raises(subprocess.TimeoutExpired):
            processes[0].wait(timeout=4)
        assert query(warehouse, "select count(*) from ops.loads") == [(0,)]
    printed = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert printed == ["0", "400"]
    assert query(warehouse, "select count(*) from raw_usage.events") == [(400,)]


def test_a_long_file_lands_the_same_by_several_processes(
    make_warehouse: Callable[[], Warehouse], tmp_path: Path
) -> None:
    file = write_events(tmp_path / "a.jsonl", 3_000, faulty=3)
    landed = []
    for processes in (1, 2):
        warehouse = make_warehouse()
        settings = IngestionSettings(batch_bytes=20_000, read_processes=processes)
        report = load_files(warehouse, [file], settings=settings)
        assert (report.event_count, report.rejected_count) == (3_000, 3)
        landed.append(
            [
                query(warehouse, f"select * from raw_usage.{table} order by line_number")
                for table in ("events", "rejected")
            ]
        )
    assert landed[0] == landed[1]
