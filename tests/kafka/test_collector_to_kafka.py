"""The collector with a topic: 202 once all replicas have the events, which then land once."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingestion.kafka.consuming import consume_topics
from tests.integration.collector_server import RunningCollector, event_line
from tests.kafka.conftest import Topic, landed, wait_until
from warehouse import Warehouse

MakeTopic = Callable[..., Topic]
Start = Callable[..., RunningCollector]
EVENTS = "select event_id, customer_id from raw_usage.events order by event_id, line_number"


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts collectors that keep events in a topic."""
    started: list[RunningCollector] = []

    def begin(topic: Topic, *, crash_at: str = "", **changes: object) -> RunningCollector:
        monkeypatch.setenv("METERHOUSE_KAFKA_BOOTSTRAP_SERVERS", topic.broker.address)
        collector = RunningCollector(tmp_path, kafka_topic=topic.name, **changes)
        started.append(collector.start(crash_at=crash_at))
        return collector

    yield begin
    for collector in started:
        if collector.process is not None and collector.process.poll() is None:
            collector.process.kill()
            collector.process.wait()


def test_acknowledged_events_land_from_the_topic(
    warehouse: Warehouse, make_topic: MakeTopic, start: Start
) -> None:
    topic = make_topic(partitions=3)
    collector = start(topic)
    assert collector.get("/readyz").status == 200
    key = collector.key(customers=["acme", "umbrella"])
    body = b"\n".join(
        [event_line("a"), b"junk", event_line("b", customer="umbrella"), event_line("a")]
    )
    body += b"\n" + event_line("c", customer="stranger")
    first = collector.post(body, key=key, idempotency_key="one")
    assert first.status == 202
    assert first.outcomes == [
        "accepted",
        "malformed_json",
        "accepted",
        "accepted",
        "forbidden_customer",
    ]
    again = collector.post(body, key=key, idempotency_key="one")
    assert (again.status, again.json) == (202, first.json)
    assert collector.stop() == 0
    collector.start()
    assert collector.post(body, key=key, idempotency_key="one").json == first.json
    assert collector.stop() == 0
    assert list(collector.spool.glob("*.jsonl*")) == []
    report = consume_topics(warehouse, topic.settings, until_end=True)
    assert (report.event_count, report.rejected_count) == (3, 1)
    assert landed(warehouse, EVENTS) == [("a", "acme"), ("a", "acme"), ("b", "umbrella")]
    places = landed(
        warehouse, "select count(distinct file_number) from raw_usage.events where event_id = 'a'"
    )
    assert places == [(1,)]


def test_without_an_acknowledgement_there_is_no_202(
    warehouse: Warehouse, make_topic: MakeTopic, start: Start
) -> None:
    topic = make_topic(max_message_bytes="3000")
    collector = start(topic, kafka_seconds=1)
    key = collector.key()
    large = event_line("large", customer="acme").replace(b"{", b'{"properties":{"x":"', 1)
    noise = random.Random(1).randbytes(3000).hex().encode()
    large = large.replace(b'"x":"', b'"x":"' + noise + b'"},', 1)
    assert collector.post(large, key=key).status == 413
    assert collector.post(event_line("kept"), key=key).status == 202
    topic.broker.stop(signal.SIGTERM)
    try:
        refused = collector.post(event_line("refused"), key=key)
        assert refused.status == 503
        assert int(refused.headers["retry-after"]) > 0
        unready = collector.get("/readyz")
        assert unready.status == 503
        assert topic.name in str(unready.json["detail"])
    finally:
        topic.broker.start()
    wait_until(lambda: collector.post(event_line("later"), key=key).status == 202)
    consume_topics(warehouse, topic.settings, until_end=True)
    found = [event_id for event_id, _ in landed(warehouse, EVENTS)]
    assert sorted(set(found) - {"refused"}) == ["kept", "later"]


def test_killed_before_the_answer_the_event_may_be_sent_again(
    warehouse: Warehouse, make_topic: MakeTopic, start: Start
) -> None:
    topic = make_topic()
    collector = start(topic, crash_at="collector.after_publish")
    key = collector.key()
    with pytest.raises(OSError):
        collector.post(event_line("a"), key=key, idempotency_key="one")
    assert collector.process is not None
    assert collector.process.wait(30) == -signal.SIGKILL
    collector.start()
    assert collector.post(event_line("a"), key=key, idempotency_key="one").status == 202
    assert consume_topics(warehouse, topic.settings, until_end=True).event_count == 2
    assert {event_id for event_id, _ in landed(warehouse, EVENTS)} == {"a"}
