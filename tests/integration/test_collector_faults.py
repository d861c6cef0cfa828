"""Kill, cut, fill up, stop: what a collector acknowledged lands exactly once."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.collector.landing import land_segments
from ingestion.collector.spool import Spool
from ingestion.loads import load_files
from tests.integration.collector_server import RunningCollector, event_line
from warehouse import Role, Warehouse

CRASH_POINTS = ["after_data", "after_journal", "after_sync", "before_ready", "after_ready"]
MakeCollector = Callable[..., RunningCollector]


@pytest.fixture
def make_collector(tmp_path: Path) -> Iterator[MakeCollector]:
    made: list[RunningCollector] = []

    def make(folder: Path = tmp_path, **changes: object) -> RunningCollector:
        made.append(RunningCollector(folder, **changes))
        return made[-1]

    yield make
    for collector in made:
        if collector.process is not None and collector.process.poll() is None:
            collector.kill()


def landed_events(warehouse: Warehouse) -> list[str]:
    with warehouse.engine(Role.LOADER).connect() as connection:
        query = "select event_id from raw_usage.events order by event_id"
        return list(connection.execute(text(query)).scalars())


def rejected_lines(warehouse: Warehouse) -> list[tuple[str, str]]:
    with warehouse.engine(Role.LOADER).connect() as connection:
        query = "select reason, raw_text from raw_usage.rejected order by delivery_id"
        return [tuple(row) for row in connection.execute(text(query))]


def test_batches_land_as_they_were_answered(
    make_collector: MakeCollector, warehouse: Warehouse
) -> None:
    collector = make_collector().start()
    key = collector.key()
    body = b"\n".join([event_line("a"), b"\xff junk", event_line("b", quantity="1e99")])
    reply = collector.post(body, key=key)
    assert reply.outcomes == ["accepted", "invalid_text", "number_out_of_range"]
    cloud = b'{"specversion":"0.1","id":"c"}'
    reply = collector.post(cloud, key=key, media_type="application/cloudevents+json")
    assert reply.outcomes == ["malformed_row"]
    assert collector.stop() == 0
    report = land_segments(warehouse, collector.settings)
    assert report is not None
    assert (report.event_count, report.rejected_count) == (1, 3)
    assert landed_events(warehouse) == ["a"]
    rejected = rejected_lines(warehouse)
    assert sorted(reason for reason, _ in rejected) == [
        "invalid_text",
        "malformed_row",
        "number_out_of_range",
    ]
    assert ("malformed_row", '{"cloudevent":{"specversion":"0.1","id":"c"}}') in rejected
    assert land_segments(warehouse, collector.settings) is None
    assert len(list((collector.spool / "landed").iterdir())) == 1
    with warehouse.engine(Role.LOADER).connect() as connection:
        query = "select file_name, source from ops.files inner join ops.loads using (load_id)"
        name, door = connection.execute(text(query)).one()
    assert door == "collector"
    assert name == reply.json["batch_id"].rpartition(":")[0]


def test_killed_between_batches_every_acknowledged_event_lands_once(
    make_collector: MakeCollector, warehouse: Warehouse
) -> None:
    """Four senders, three kills; a sender that got no answer sends the same batch again."""
    collector = make_collector().start()
    key = collector.key(events_per_second=10**6, burst_events=10**6)
    acknowledged: list[str] = []
    is_over = threading.Event()

    def send(sender: int) -> None:
        number = 0
        while not is_over.is_set():
            names = [f"{sender}-{number}-{n}" for n in range(5)]
            try:
                reply = collector.post(
                    b"\n".join(map(event_line, names)),
                    key=key,
                    idempotency_key=f"{sender}-{number}",
                )
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
                continue
            assert reply.status == 202
            acknowledged.extend(names)
            number += 1

    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(send, sender) for sender in range(4)]
        for _ in range(3):
            time.sleep(0.7)
            collector.kill()
            load_if_ready(warehouse, collector)
            collector.start()
        time.sleep(0.7)
        is_over.set()
        for sender in senders:
            sender.result()
    collector.kill()
    Spool(collector.settings).close()
    load_if_ready(warehouse, collector)
    assert len(acknowledged) > 100
    assert landed_events(warehouse) == sorted(acknowledged)


def load_if_ready(warehouse: Warehouse, collector: RunningCollector) -> None:
    if list(collector.spool.glob("*.jsonl")):
        load_files(warehouse, [collector.spool])


@pytest.mark.parametrize("place", CRASH_POINTS)
def test_killed_at_any_point_nothing_acknowledged_is_lost_or_doubled(
    make_collector: MakeCollector, place: str
) -> None:
    collector = make_collector().start(crash_at=f"collector.{place}")
    key = collector.key()
    batch = b"\n".join([event_line("a"), event_line("b")])
    answered = 0
    with contextlib.suppress(OSError, http.client.HTTPException):
        answered = collector.post(batch, key=key, idempotency_key="one").status
    assert collector.process is not None
    assert collector.process.wait(20) == -9
    assert answered == (202 if place in ("before_ready", "after_ready") else 0)
    with next(collector.spool.glob("*.jsonl*")).open("ab") as torn:
        if torn.name.endswith(".open"):
            torn.write(event_line("never acknowledged")[:30])
    spool = Spool(collector.settings)
    assert len(spool.answers) == (place != "after_data")
    spool.close()
    kept = [] if place == "after_data" else [event_line("a"), event_line("b")]
    assert collector.spooled_lines() == kept


def test_a_stopping_collector_finishes_what_it_began(make_collector: MakeCollector) -> None:
    collector = make_collector(segment_seconds=600).start()
    key = collector.key(events_per_second=10**6, burst_events=10**6)
    slow = collector.connect()
    line = event_line("slow")
    slow.putrequest("POST", "/v1/events")
    slow.putheader("authorization", f"Bearer {key}")
    slow.putheader("content-type", "application/x-ndjson")
    slow.putheader("content-length", str(len(line)))
    slow.endheaders(line[:10])
    acknowledged: list[int] = []

    def send(sender: int) -> None:
        for number in range(10_000):
            try:
                reply = collector.post(event_line(f"{sender}-{number}"), key=key)
            except (OSError, http.client.HTTPException):
                return
            if reply.status != 202:
                return
            acknowledged.append(number)

    with ThreadPoolExecutor(5) as pool:
        senders = [pool.submit(send, sender) for sender in range(4)]
        while len(acknowledged) < 20 and not all(sender.done() for sender in senders):
            time.sleep(0.05)
        stopping = pool.submit(collector.stop)
        time.sleep(0.5)
        slow.send(line[10:])
        assert slow.getresponse().status == 202
        assert stopping.result() == 0
        for sender in senders:
            sender.result()
    assert not list(collector.spool.glob("*.open"))
    spooled = collector.spooled_lines()
    assert line in spooled
    assert len(spooled) >= len(acknowledged) + 1 > 20


def test_answers_to_idempotency_keys_outlive_a_restart(make_collector: MakeCollector) -> None:
    collector = make_collector().start()
    key = collector.key()
    batch = event_line("a") + b"\n{"
    first = collector.post(batch, key=key, idempotency_key="k")
    collector.kill()
    collector.start()
    assert collector.post(batch, key=key, idempotency_key="k").body == first.body
    assert collector.post(event_line("b"), key=key, idempotency_key="k").status == 409
    collector.stop()
    assert len(collector.spooled_lines()) == 2


def test_a_full_disk_acknowledges_nothing_and_heals_by_itself(
    make_collector: MakeCollector, tmp_path: Path
) -> None:
    spool = tmp_path / "small"
    spool.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(spool)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
        pytest.skip("a small file system can't be mounted here: that takes root")
    try:
        # nothing is held back: the writes themselves run out of space
        collector = make_collector(spool_dir=spool, free_bytes=0).start()
        key = collector.key()
        assert collector.post(event_line("before"), key=key).status == 202
        ballast = spool / "ballast"
        fill_up(ballast)
        refused = [collector.post(event_line(f"no-{n}"), key=key) for n in range(60)]
        statuses = {reply.status for reply in refused}
        assert 503 in statuses
        assert statuses <= {202, 503}
        full = next(reply for reply in refused if reply.status == 503)
        assert full.headers["retry-after"] == "5"
        assert collector.get("/readyz").status == 503
        assert collector.get("/healthz").status == 200
        ballast.unlink()
        assert collector.post(event_line("after"), key=key).status == 202
        taken = sum(reply.status == 202 for reply in refused)
        assert collector.stop() == 0
        spooled = collector.spooled_lines()
        assert len(spooled) == taken + 2
        assert {event_line("before"), event_line("after")} <= set(spooled)
        assert "Traceback" not in collector.errors.read_text()
    finally:
        subprocess.run(["umount", "-l", str(spool)], check=True)


def fill_up(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def test_space_is_held_back_before_the_disk_is_full(make_collector: MakeCollector) -> None:
    collector = make_collector(free_bytes=1 << 60).start()
    reply = collector.post(event_line("a"), key=collector.key())
    assert (reply.status, reply.json["code"]) == (503, "spool_failed")
    assert collector.get("/readyz").status == 503
    collector.stop()
    assert collector.spooled_lines() == []
    assert not list(collector.spool.glob("collector_*"))
