"""Messages that could not be read are said so: by the command, by a check, in a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from ingestion.kafka.consuming import consume_topics
from ingestion.kafka.positions import Gap, PartitionKey, list_gaps, record_gap
from ingestion.kafka.settings import KafkaSettings
from ingestion.settings import IngestionSettings
from orchestration.doors import load_waiting
from orchestration.kafka import consume_waiting, find_obstacles
from tests.kafka.conftest import Topic, event_line, landed
from tests.kafka_broker.broker import free_port
from warehouse import Role, Warehouse

MakeTopic = Callable[..., Topic]
EVENTS = "select delivery_id, event_id from raw_usage.events order by line_number, delivery_id"
REJECTED = "select delivery_id, reason, raw_text from raw_usage.rejected order by line_number"
OFFSETS = (
    "select first_offset, next_offset, message_count from ops.kafka_offsets"
    " where partition_number = :number order by load_id"
)


def test_messages_that_retention_took_are_a_gap(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    topic.send(event_line("a"), event_line("b"))
    consume_topics(warehouse, topic.settings, until_end=True)
    topic.send(*(event_line(f"lost {number}") for number in range(5)))
    admin = AdminClient({"bootstrap.servers": topic.broker.address})
    for deleted in admin.delete_records([TopicPartition(topic.name, 0, 6)]).values():
        deleted.result()
    report = consume_topics(warehouse, topic.settings, until_end=True)
    assert report.message_count == 1
    [gap] = list_gaps(warehouse.engine(Role.LOADER))
    assert (gap.first_offset, gap.next_offset, gap.reason) == (2, 6, "retention")
    assert [str(gap) for gap in report.gaps] == [str(gap)]
    assert landed(warehouse, OFFSETS, number=0) == [(0, 2, 2), (2, 7, 1)]
    assert consume_topics(warehouse, topic.settings, until_end=True).gaps == []


def test_a_hole_in_the_log_is_a_gap_unless_it_is_explained(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    for is_declared in (False, True):
        topic = make_topic()
        producer = Producer(
            {"bootstrap.servers": topic.broker.address, "transactional.id": topic.name}
        )
        producer.init_transactions(20)
        for ends in (producer.commit_transaction, producer.abort_transaction):
            producer.begin_transaction()
            producer.produce(topic.name, value=event_line(topic.name))
            producer.flush(10)
            ends()
        topic.send(event_line("after"))
        declared = (topic.name,) if is_declared else ()
        settings = topic.with_settings(transactional_topics=declared)
        report = consume_topics(warehouse, settings, until_end=True)
        assert report.message_count == 2
        found = [(gap.first_offset, gap.next_offset, gap.reason) for gap in report.gaps]
        assert found == ([] if is_declared else [(1, 4, "hole")])


def test_a_topic_that_was_made_anew_is_read_from_its_beginning(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    topic.send(event_line("a"), event_line("b"))
    consume_topics(warehouse, topic.settings, until_end=True)
    admin = AdminClient({"bootstrap.servers": topic.broker.address})
    admin.delete_topics([topic.name])[topic.name].result(10)
    topic.broker.make_topic(topic.name)
    topic.send(event_line("c"))
    report = consume_topics(warehouse, topic.settings, until_end=True)
    assert [gap.reason for gap in report.gaps] == ["topic_replaced"]
    assert report.message_count == 1
    assert [event_id for _, event_id in landed(warehouse, EVENTS)] == ["a", "c", "b"]


def test_scheduled_work_lands_what_waits_and_warns_of_what_it_could_not(
    warehouse: Warehouse,
    make_topic: MakeTopic,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("METERHOUSE_STATE_DIR", str(tmp_path))
    topic = make_topic()
    topic.send(event_line("a"), event_line("b"))
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    assert consume_waiting(warehouse, KafkaSettings()).message_count == 0
    assert consume_waiting(warehouse, topic.settings).message_count == 2
    assert find_obstacles(warehouse, since=long_ago, settings=topic.settings) == []
    address = f"127.0.0.1:{free_port()}"
    away = topic.with_settings(bootstrap_servers=address, broker_seconds=1)
    monkeypatch.setenv("METERHOUSE_KAFKA_BOOTSTRAP_SERVERS", address)
    monkeypatch.setenv("METERHOUSE_KAFKA_TOPICS", topic.name)
    monkeypatch.setenv("METERHOUSE_KAFKA_BROKER_SECONDS", "1")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "a.jsonl").write_bytes(event_line("of a file"))
    done = load_waiting(warehouse, mapping="", settings=IngestionSettings())
    assert [report.event_count for report in done.reports] == [1]
    assert [fault.file for fault in done.faults] == ["Kafka"]
    monkeypatch.setenv("METERHOUSE_KAFKA_BOOTSTRAP_SERVERS", "")
    [obstacle] = find_obstacles(warehouse, since=long_ago, settings=away)
    assert f"Kafka at {address} doesn't answer" in obstacle
    record_gap(warehouse.engine(Role.LOADER), Gap(PartitionKey("t", "id", 0), 3, 5, "retention"))
    [obstacle] = find_obstacles(warehouse, since=long_ago, settings=KafkaSettings())
    assert "t:0: offsets 3 to 4: deleted by the broker" in obstacle
