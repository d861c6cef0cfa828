"""Messages of a real broker land once each, under their offsets, whatever is in them."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from ingestion.kafka.consuming import consume_topics
from ingestion.kafka.positions import Gap, PartitionKey, list_gaps, record_gap
from ingestion.kafka.settings import KafkaSettings
from ingestion.settings import IngestionSettings
from ingestion.traffic.kafka_door import KafkaDoor
from ingestion.traffic.lines import TrafficPlan
from ingestion.traffic.running import send_traffic
from ingestion.traffic.settings import TrafficSettings
from orchestration.doors import load_waiting
from orchestration.kafka import consume_waiting, find_obstacles
from tests.kafka.conftest import Topic, event_line, landed
from tests.kafka_broker.broker import free_port
from warehouse import MeterhouseError, Role, Warehouse

MakeTopic = Callable[..., Topic]
EVENTS = "select delivery_id, event_id from raw_usage.events order by line_number, delivery_id"
REJECTED = "select delivery_id, reason, raw_text from raw_usage.rejected order by line_number"
OFFSETS = (
    "select first_offset, next_offset, message_count from ops.kafka_offsets"
    " where partition_number = :number order by load_id"
)


def test_the_last_message_is_read_and_none_twice(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    topic.send(event_line("first"))
    report = consume_topics(warehouse, topic.settings, until_end=True)
    assert (report.message_count, report.event_count, len(report.load_ids)) == (1, 1, 1)
    assert consume_topics(warehouse, topic.settings, until_end=True).load_ids == []
    topic.send(event_line("second"))
    assert consume_topics(warehouse, topic.settings, until_end=True).message_count == 1
    assert landed(warehouse, EVENTS) == [
        (f"{topic.name}:0:0", "first"),
        (f"{topic.name}:0:1", "second"),
    ]
    assert landed(warehouse, OFFSETS, number=0) == [(0, 1, 1), (1, 2, 1)]
    unit = landed(
        warehouse,
        "select source, file_name, line_count, files.event_count from ops.files"
        " inner join ops.loads using (load_id)",
    )
    assert unit == [("kafka", f"{topic.name}:0", 1, 1)] * 2


def test_the_group_sees_how_far_messages_have_landed(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    topic.send(*(event_line(str(number)) for number in range(3)))
    consume_topics(warehouse, topic.settings, until_end=True)
    onlooker = Consumer(
        {"bootstrap.servers": topic.broker.address, "group.id": topic.settings.group}
    )
    [committed] = onlooker.committed([TopicPartition(topic.name, 0)], timeout=10)
    onlooker.close()
    assert committed.offset == 3


def test_offsets_that_the_group_has_don_t_matter(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    """Another group, or one whose offsets were set back or on, reads neither twice nor less."""
    topic = make_topic()
    topic.send(*(event_line(str(number)) for number in range(3)))
    consume_topics(warehouse, topic.settings, until_end=True)
    topic.send(event_line("3"))
    other = topic.with_settings(group="another")
    meddler = Consumer({"bootstrap.servers": topic.broker.address, "group.id": "another"})
    meddler.commit(offsets=[TopicPartition(topic.name, 0, 1)], asynchronous=False)
    meddler.close()
    assert consume_topics(warehouse, other, until_end=True).message_count == 1
    assert [event_id for _, event_id in landed(warehouse, EVENTS)] == ["0", "1", "2", "3"]


def test_poison_is_quarantined_and_its_neighbours_land(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    topic = make_topic(max_message_bytes="3000000")
    topic.settings = topic.with_settings(dead_letter_topic=f"{topic.name}_dead")
    topic.broker.make_topic(f"{topic.name}_dead", max_message_bytes="100000")
    long = random.Random(1).randbytes(1 << 20) + b"x"
    topic.send(event_line("a"), None, b"", b"\xff\x00", b"{", long, event_line("b"), b" \n")
    report = consume_topics(warehouse, topic.settings, until_end=True)
    assert (report.event_count, report.rejected_count) == (2, 6)
    assert [event_id for _, event_id in landed(warehouse, EVENTS)] == ["a", "b"]
    rejected = landed(warehouse, REJECTED)
    assert [(delivery, reason) for delivery, reason, _ in rejected] == [
        (f"{topic.name}:0:1", "empty_message"),
        (f"{topic.name}:0:2", "empty_message"),
        (f"{topic.name}:0:3", "invalid_text"),
        (f"{topic.name}:0:4", "malformed_json"),
        (f"{topic.name}:0:5", "line_too_long"),
        (f"{topic.name}:0:7", "empty_message"),
    ]
    assert rejected[2][2] == "base64:/wA="
    letters = dead_letters(topic)
    assert [headers["meterhouse-origin"] for _, headers in letters] == [
        delivery for delivery, _, _ in rejected if not delivery.endswith(":5")
    ] + [f"{topic.name}:0:5"]
    values = {headers["meterhouse-origin"]: value for value, headers in letters}
    assert values[f"{topic.name}:0:3"] == b"\xff\x00"
    assert values[f"{topic.name}:0:5"] is None
    assert letters[-1][1]["meterhouse-value-bytes"] == str(len(long))
    assert letters[-1][1]["meterhouse-reason"] == "line_too_long"


def dead_letters(topic: Topic) -> list[tuple[bytes | None, dict[str, str]]]:
    """Reads the whole dead-letter topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": topic.broker.address,
            "group.id": "reader",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic.settings.dead_letter_topic, 0, 0)])
    found = []
    while (message := consumer.poll(10)) is not None and message.error() is None:
        headers = {name: value.decode() for name, value in message.headers()}
        found.append((message.value(), headers))
    consumer.close()
    return found


def test_a_dead_letter_topic_that_is_not_there_is_said_before_anything_lands(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    topic.send(b"poison")
    lost = topic.with_settings(dead_letter_topic=f"{topic.name}_lost")
    with pytest.raises(MeterhouseError, match="The topic is not there"):
        consume_topics(warehouse, lost, until_end=True)
    assert landed(warehouse, "select * from ops.kafka_offsets") == []
    assert consume_topics(warehouse, topic.settings, until_end=True).rejected_count == 1


def test_messages_may_be_of_any_form_by_a_mapping(
    warehouse: Warehouse, make_topic: MakeTopic, tmp_path
) -> None:
    mapping = tmp_path / "calls.yaml"
    mapping.write_text(
        "name: calls\nformat: jsonl\nevents:\n"
        "  - event_id: {column: call.id}\n    customer_id: {column: tenant}\n"
        "    event_type: {constant: call}\n    occurred_at: {column: at}\n"
        "    quantity: {column: seconds}\n"
    )
    topic = make_topic()
    topic.send(
        b'{"call":{"id":"x"},"tenant":"c","at":"2026-09-01T00:00:00Z","seconds":7}',
        None,
        b'{"call":{"id":"y"},"tenant":"c","at":"yesterday","seconds":7}',
    )
    settings = topic.with_settings(mapping=mapping)
    report = consume_topics(warehouse, settings, until_end=True)
    assert (report.event_count, report.rejected_count) == (1, 2)
    assert landed(warehouse, EVENTS) == [(f"{topic.name}:0:0", "x")]
    assert [reason for _, reason, _ in landed(warehouse, REJECTED)] == [
        "empty_message",
        "not_a_time",
    ]


def test_a_new_partition_is_read_from_its_first_message(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    topic.send(event_line("a"))
    consume_topics(warehouse, topic.settings, until_end=True)
    admin = AdminClient({"bootstrap.servers": topic.broker.address})
    admin.create_partitions([NewPartitions(topic.name, 3)])[topic.name].result(10)
    topic.send(event_line("b"), event_line("c"), partition=2)
    assert consume_topics(warehouse, topic.settings, until_end=True).message_count == 2
    assert landed(warehouse, OFFSETS, number=2) == [(0, 2, 2)]


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


def test_a_topic_or_a_broker_that_is_not_there_is_said_so(
    warehouse: Warehouse, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    with pytest.raises(MeterhouseError, match="The topic is not there"):
        consume_topics(warehouse, topic.with_settings(topics=("nowhere",)), until_end=True)
    away = topic.with_settings(bootstrap_servers=f"127.0.0.1:{free_port()}", broker_seconds=1)
    with pytest.raises(MeterhouseError, match="doesn't answer"):
        consume_topics(warehouse, away, until_end=True)


def test_settings_that_can_t_work_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="dead_letter_topic"):
        KafkaSettings(topics=("a",), dead_letter_topic="a")
    with pytest.raises(ValueError, match="sasl_username"):
        KafkaSettings(security_protocol="SASL_SSL", sasl_username="me")
    monkeypatch.setenv("METERHOUSE_KAFKA_TOPICS", "a, b")
    monkeypatch.setenv("METERHOUSE_KAFKA_MAPPING", "")
    assert KafkaSettings().topics == ("a", "b")
    assert KafkaSettings().mapping is None


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


def test_made_up_traffic_takes_this_door(warehouse: Warehouse, make_topic: MakeTopic) -> None:
    topic = make_topic(partitions=3)
    plan = TrafficPlan(
        customers=["a", "b", "c"],
        seed=1,
        start=datetime(2026, 9, 1, tzinfo=UTC),
        rate=100_000,
        duplicate_percent=10,
        faulty_percent=5,
    )
    door = KafkaDoor(TrafficSettings(kafka_topic=topic.name), topic.settings)
    report = send_traffic(door, plan, count=2_000, batch=250, connections=2)
    assert (report.sent_count, report.error_count) == (2_000, 0)
    consumed = consume_topics(warehouse, topic.settings, until_end=True)
    assert (consumed.event_count, consumed.rejected_count) == (1_900, 100)
    different = landed(
        warehouse, "select count(distinct (customer_id, event_id)) from raw_usage.events"
    )
    assert different == [(1_700,)]
