"""The sensor, evaluated by Dagster: one run for what is new, none for what is known, none lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import create_engine

from ingestion.object_store.store import ObjectStore
from orchestration.definitions import definitions
from tests.conftest import PROJECT_ROOT
from tests.integration.object_store_server import StoreServer, serving
from tests.integration.test_load_files import query, write_events
from warehouse import Warehouse


@dataclass(frozen=True)
class Watched:
    """A warehouse, its inbox and bucket, and the instance that keeps the runs."""

    warehouse: Warehouse
    inbox: Path
    bucket: StoreServer
    instance: dg.DagsterInstance
    definitions: dg.Definitions

    def tick(self, cursor: str | None = None) -> dg.RunRequest | str:
        """Evaluates the sensor as the daemon does; gives the request, or why there is none."""
        sensor = self.definitions.resolve_sensor_def("watch_inboxes")
        with dg.build_sensor_context(instance=self.instance, cursor=cursor) as context:
            data = sensor.evaluate_tick(context)
        assert len(data.run_requests or []) + bool(data.skip_message) == 1
        return data.run_requests[0] if data.run_requests else str(data.skip_message)

    def run(self, request: dg.RunRequest | str) -> dg.ExecuteInProcessResult:
        """Does what the daemon starts, but for the build: loads what waits."""
        assert isinstance(request, dg.RunRequest), request
        return self.definitions.resolve_job_def("load").execute_in_process(
            instance=self.instance,
            tags={**request.tags, "dagster/run_key": request.run_key},
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


@pytest.fixture(scope="module")
def loaded_definitions(make_warehouse: Callable[[], Warehouse]) -> dg.Definitions:
    state_dir = make_warehouse().state_dir
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METERHOUSE_STATE_DIR", str(state_dir))
        return definitions()


@pytest.fixture
def watched(
    warehouse: Warehouse,
    environment_of: Callable[[Warehouse], dict[str, str]],
    loaded_definitions: dg.Definitions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Watched]:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with serving() as bucket, dg.instance_for_test() as instance:
        for name, value in {
            **environment_of(warehouse),
            **bucket.environment(),
            "METERHOUSE_INBOX_DIR": str(inbox),
            "METERHOUSE_OBJECT_STORE_INBOX": "s3://usage/in/",
        }.items():
            monkeypatch.setenv(name, value)
        yield Watched(warehouse, inbox, bucket, instance, loaded_definitions)


def events_of(warehouse: Warehouse) -> int:
    return query(warehouse, "select count(*) from raw_usage.events")[0][0]


def test_what_is_new_is_loaded_once_and_stays(watched: Watched) -> None:
    assert watched.tick() == "nothing waits"
    write_events(watched.inbox / "a.jsonl", 10)
    write_events(watched.inbox / "b.jsonl.part", 10, first=100)
    request = watched.tick()
    assert isinstance(request, dg.RunRequest)
    assert watched.tick(cursor="lost") == request  # the daemon starts a key once
    assert watched.run(request).success
    assert events_of(watched.warehouse) == 10
    assert watched.tick() == "nothing new waits"
    (watched.inbox / "b.jsonl.part").rename(watched.inbox / "b.jsonl")
    watched.bucket.put("in/c.jsonl", (watched.inbox / "a.jsonl").read_bytes())
    watched.bucket.put("elsewhere/d.jsonl", b"{}")
    second = watched.tick()
    assert isinstance(second, dg.RunRequest)
    assert second.run_key != request.run_key
    assert watched.run(second).success
    assert events_of(watched.warehouse) == 20
    assert watched.tick() == "nothing new waits"
    known = query(watched.warehouse, "select distinct file_name from ops.file_sightings")
    assert sorted(known) == [("a.jsonl",), ("s3://usage/in/c.jsonl",)]


def test_new_content_with_an_old_time_is_noticed(watched: Watched) -> None:
    file = write_events(watched.inbox / "a.jsonl", 10)
    os.utime(file, (1, 1))
    watched.run(watched.tick())
    other = write_events(watched.inbox / ".b", 10, first=10, faulty=0)
    other.write_bytes(other.read_bytes().ljust(file.stat().st_size))
    os.utime(other, (1, 1))
    other.rename(file)
    watched.run(watched.tick())
    assert events_of(watched.warehouse) == 20


def test_a_bad_file_stops_no_other_and_is_tried_three_times(watched: Watched) -> None:
    (watched.inbox / "bad.jsonl.gz").write_bytes(b"no gzip at all")
    write_events(watched.inbox / "good.jsonl", 10)
    watched.bucket.put("in/c.jsonl", (watched.inbox / "good.jsonl").read_bytes()[:-30])
    keys = []
    for _ in range(3):
        request = watched.tick()
        result = watched.run(request)
        assert result.success
        keys.append(request.run_key)
        (check,) = [
            check
            for check in result.get_asset_check_evaluations()
            if check.check_name == "every_door_was_read"
        ]
        assert not check.passed
        assert "bad.jsonl.gz" in str(check.description)
    assert len(set(keys)) == 3
    assert events_of(watched.warehouse) == 19  # the last line of c.jsonl is cut off
    assert "didn't load all of it" in str(watched.tick())
    (watched.inbox / "bad.jsonl.gz").unlink()
    assert watched.run(watched.tick()).success
    assert watched.tick() == "nothing new waits"


def test_a_failed_run_is_started_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    write_events(watched.inbox / "a.jsonl", 10)
    with monkeypatch.context() as patch:
        patch.setenv("METERHOUSE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
        assert not watched.run(watched.tick()).success
    assert watched.run(watched.tick()).success
    assert events_of(watched.warehouse) == 10


def test_a_store_that_is_away_does_not_hide_the_inbox(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METERHOUSE_OBJECT_STORE_ENDPOINT_URL", "http://127.0.0.1:1")
    assert "can't be read" in str(watched.tick())
    write_events(watched.inbox / "a.jsonl", 10)
    assert watched.run(watched.tick()).success
    assert events_of(watched.warehouse) == 10


def test_a_tick_reads_no_content(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a tick read a file")

    write_events(watched.inbox / "a.jsonl", 10)
    watched.bucket.put("in/b.jsonl", b"{}")
    monkeypatch.setattr(ObjectStore, "fetch", forbidden)
    monkeypatch.setattr("ingestion.files._identify", forbidden)
    assert isinstance(watched.tick(), dg.RunRequest)


def test_only_marked_files_start_a_run(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METERHOUSE_INGESTION_READY_MARKERS", "true")
    write_events(watched.inbox / "a.jsonl", 10)
    assert watched.tick() == "nothing waits"
    (watched.inbox / "a.jsonl.ready").write_text("")
    assert watched.run(watched.tick()).success
    assert events_of(watched.warehouse) == 10


def test_sql_sources_are_pulled_by_the_job_and_a_bad_one_stops_no_other(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = watched.warehouse.admin_url.set(drivername="postgresql")
    monkeypatch.setenv("APP_DATABASE_URL", url.render_as_string(hide_password=False))
    sources = tmp_path / "sources"
    sources.mkdir()
    monkeypatch.setenv("METERHOUSE_SQL_SOURCES", str(sources))
    good = (PROJECT_ROOT / "examples" / "sql_sources" / "app_usage.yaml").read_text()
    (sources / "b.yaml").write_text(good)
    (sources / "a.yaml").write_text(good.replace("usage_records\n", "gone\n"))
    application = create_engine(watched.warehouse.admin_url)
    with application.begin() as connection:
        connection.exec_driver_sql(
            "create schema billing; create table billing.usage_records (record_id int primary key,"
            " account text, kind text, amount numeric, used_at timestamptz,"
            " updated_at timestamptz, attributes jsonb);"
            "insert into billing.usage_records values (1, 'c', 't', 1, now(), now(), '{}')"
        )
    application.dispose()
    write_events(watched.inbox / "a.jsonl", 10)
    result = watched.run(watched.tick())
    assert result.success
    assert events_of(watched.warehouse) == 11
    (fault,) = [
        check.description
        for check in result.get_asset_check_evaluations()
        if check.check_name == "every_door_was_read"
    ]
    assert "there is no table billing.gone" in str(fault)
    assert "a.yaml" in str(fault)
