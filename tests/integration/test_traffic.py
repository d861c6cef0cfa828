"""Made-up traffic: exact shares, the same bytes for the same seed, through every door for real."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from ingestion.collector.landing import land_segments
from ingestion.loads import load_files
from ingestion.object_store.loads import load_objects
from ingestion.sql_door.loads import pull_source
from ingestion.traffic.doors import CollectorDoor, FilesDoor, open_door
from ingestion.traffic.lines import TrafficPlan, make_traffic
from ingestion.traffic.object_store_door import ObjectStoreDoor
from ingestion.traffic.running import TrafficReport, send_traffic
from ingestion.traffic.settings import TrafficSettings
from ingestion.traffic.sql_door import SqlDoor
from tests.conftest import PROJECT_ROOT
from tests.integration.collector_server import RunningCollector
from tests.integration.object_store_server import serving
from warehouse import MeterhouseError, Role, Warehouse

START = datetime(2026, 9, 1, 12, tzinfo=UTC)
PLAN = TrafficPlan(
    customers=["a", "b", "c"],
    seed=5,
    start=START,
    rate=100_000,
    duplicate_percent=7,
    faulty_percent=3,
)
COUNTS = """
select
    (select count(*) from raw_usage.events),
    (select count(distinct (customer_id, event_id)) from raw_usage.events),
    (select count(*) from raw_usage.rejected)
"""


def lines_of(plan: TrafficPlan, *, count: int, batch: int = 100) -> list[bytes]:
    return [line for part in make_traffic(plan, count=count, batch=batch) for line in part.lines]


def counts(warehouse: Warehouse) -> tuple[int, int, int]:
    """Events, different ones, and rejected lines that have landed."""
    with warehouse.engine(Role.LOADER).connect() as connection:
        return tuple(connection.execute(text(COUNTS)).one())


def test_shares_are_exact_and_a_seed_repeats_the_bytes() -> None:
    parts = list(make_traffic(PLAN, count=60_000, batch=700))
    lines = [line for part in parts for line in part.lines]
    assert [len(part.lines) for part in parts] == [700] * 85 + [500]
    assert sum(part.duplicate_count for part in parts) == 4_200
    assert sum(part.faulty_count for part in parts) == 1_800
    repeated = sum(count - 1 for count in Counter(lines).values())
    assert repeated == 4_200
    assert lines == lines_of(PLAN, count=60_000, batch=999)
    assert lines[:250] == lines_of(PLAN, count=250)
    assert lines[0].count(b'"occurred_at":"2026-09-01T12:00:00.000Z"') == 1


@pytest.mark.parametrize(
    "other", [{"seed": 6}, {"start": START + timedelta(seconds=1)}], ids=["seed", "start"]
)
def test_another_seed_or_start_makes_other_events(other: dict[str, object]) -> None:
    def ids(plan: TrafficPlan) -> set[bytes]:
        return {line[:40] for line in lines_of(plan, count=500) if line.startswith(b'{"event_id')}

    assert not ids(PLAN) & ids(replace(PLAN, **other))


def test_files_land_as_they_were_counted(warehouse: Warehouse, tmp_path: Path) -> None:
    door = FilesDoor(tmp_path / "inbox", run="traffic")
    report = send_traffic(door, PLAN, count=1_000, batch=300, connections=2)
    assert (report.sent_count, report.duplicate_count, report.faulty_count) == (1_000, 70, 30)
    assert report.error_count == 0
    assert len(list((tmp_path / "inbox").iterdir())) == 4
    load_files(warehouse, [tmp_path / "inbox"])
    assert counts(warehouse) == (970, 900, 30)


def test_batches_leave_at_their_rate(tmp_path: Path) -> None:
    started = time.monotonic_ns()
    door = FilesDoor(tmp_path, run="traffic")
    report = send_traffic(door, replace(PLAN, rate=100), count=50, batch=10)
    assert time.monotonic_ns() - started >= 5 * 10**8
    assert 0 < report.rate <= 100


class RefusingDoor:
    """A door that takes every other batch."""

    def __init__(self) -> None:
        self.calls = 0
        self.is_closed = False

    def send(self, lines: Sequence[bytes]) -> None:
        """Takes the first, not the second, and so on."""
        self.calls += 1
        if self.calls % 2 == 0:
            raise OSError("full")

    def close(self) -> None:
        """Notes that it was closed."""
        self.is_closed = True


def test_what_a_door_does_not_take_is_counted() -> None:
    door = RefusingDoor()
    report = send_traffic(door, PLAN, count=400, batch=100)
    assert (report.sent_count, report.error_count, report.last_error) == (200, 200, "full")
    assert (report.duplicate_count, report.faulty_count) == (14, 6)
    assert door.is_closed
    stop = threading.Event()
    stop.set()
    assert send_traffic(door, PLAN, count=400, batch=100, stop=stop).sent_count == 0


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    running = RunningCollector(tmp_path).start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.process.kill()


def test_the_collector_takes_it(warehouse: Warehouse, collector: RunningCollector) -> None:
    settings = TrafficSettings(
        collector_url=f"http://127.0.0.1:{collector.settings.port}",
        collector_key=SecretStr(collector.key()),
    )
    report = send_traffic(CollectorDoor(settings), PLAN, count=1_000, batch=100, connections=4)
    assert (report.sent_count, report.error_count) == (1_000, 0)
    collector.stop()
    land_segments(warehouse, collector.settings)
    assert counts(warehouse) == (970, 900, 30)
    gone = send_traffic(CollectorDoor(settings), PLAN, count=100, batch=100)
    assert (gone.sent_count, gone.error_count) == (0, 100)
    assert "doesn't answer" in gone.last_error


def test_an_object_store_takes_it(warehouse: Warehouse) -> None:
    with serving() as server:
        settings = TrafficSettings(object_store_prefix="s3://usage/in/")
        door = ObjectStoreDoor(settings, run="traffic", store=server.settings)
        assert send_traffic(door, PLAN, count=1_000, batch=400).sent_count == 1_000
        load_objects(warehouse, ["s3://usage/in/"], store_settings=server.settings)
        assert counts(warehouse) == (970, 900, 30)
        nowhere = TrafficSettings(object_store_prefix="s3://nowhere/in")
        door = ObjectStoreDoor(nowhere, run="traffic", store=server.settings)
        refused: TrafficReport = send_traffic(door, PLAN, count=100, batch=100)
        assert (refused.sent_count, refused.error_count) == (0, 100)


def test_a_table_takes_it(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application's database is the warehouse's own here; it has a schema of its own."""
    url = warehouse.admin_url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("METERHOUSE_TRAFFIC_SQL_URL", url)
    settings = TrafficSettings(sql_table="public.usage_events")
    report = send_traffic(SqlDoor(settings), PLAN, count=1_000, batch=100, connections=2)
    assert (report.sent_count, report.error_count) == (1_000, 0)
    source = PROJECT_ROOT / "examples" / "sql_sources" / "traffic.yaml"
    pulled = pull_source(warehouse, source)
    assert (pulled.event_count, pulled.rejected_count) == (970, 30)
    assert counts(warehouse) == (970, 900, 30)
    assert pull_source(warehouse, source).event_count == 0


@pytest.mark.parametrize("name", ["collector", "kafka", "object_store", "sql", "post"])
def test_a_door_without_its_settings_says_what_is_missing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("METERHOUSE_KAFKA_TOPICS", raising=False)
    with pytest.raises(MeterhouseError) as caught:
        open_door(name, TrafficSettings(), run="traffic")
    assert caught.value.remedy


def test_shares_that_leave_nothing_new_are_refused() -> None:
    with pytest.raises(MeterhouseError, match="less than 100"):
        replace(PLAN, duplicate_percent=60, faulty_percent=40)
