"""Messages of a real broker land once each, under their offsets, whatever is in them."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from ingestion.kafka.consuming import consume_topics
from ingestion.kafka.polling import Poller
from ingestion.kafka.settings import KafkaSettings
from ingestion.traffic.kafka_door import KafkaDoor
from ingestion.traffic.lines import TrafficPlan
from ingestion.traffic.running import send_traffic
from ingestion.traffic.settings import TrafficSettings
from tests.kafka.conftest import Topic, event_line, landed, wait_until
from tests.kafka_broker.broker import free_port
from warehouse import MeterhouseError, Warehouse

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
    report = consume_topics(warehouse, other, until_end=True)
    assert (report.message_count, report.superseded_count) == (1, 0)
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
    origins = [headers["meterhouse-origin"] for _, headers in letters]
    assert sorted(origins) == [delivery for delivery, _, _ in rejected]
    values = {headers["meterhouse-origin"]: value for value, headers in letters}
    assert values[f"{topic.name}:0:3"] == b"\xff\x00"
    assert values[f"{topic.name}:0:5"] is None
    told = letters[origins.index(f"{topic.name}:0:5")][1]
    assert told["meterhouse-value-bytes"] == str(len(long))
    assert told["meterhouse-reason"] == "line_too_long"


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


def test_told_to_stop_it_lands_what_it_has_polled(
    warehouse: Warehouse, make_topic: MakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = make_topic()
    topic.send(event_line("a"), event_line("b"))
    stop = threading.Event()
    keep = Poller._keep

    def keep_and_stop(poller: Poller, message: Message) -> None:
        keep(poller, message)
        if poller.polled:
            stop.set()

    monkeypatch.setattr(Poller, "_keep", keep_and_stop)
    settings = topic.with_settings(batch_seconds=600)
    report = consume_topics(warehouse, settings, stop=stop)
    assert report.message_count >= 1
    assert len(landed(warehouse, EVENTS)) == report.message_count


def test_the_command_says_what_it_did_and_what_is_wrong(
    warehouse: Warehouse, make_topic: MakeTopic, environment_of: Callable
) -> None:
    topic = make_topic()
    command = [sys.executable, "-m", "cli", "kafka", "consume"]
    environment = {
        **environment_of(warehouse),
        "METERHOUSE_KAFKA_BOOTSTRAP_SERVERS": topic.broker.address,
        "METERHOUSE_KAFKA_BATCH_SECONDS": "0",
    }
    topic.send(event_line("a"), b"poison")
    running = subprocess.Popen(
        [*command, topic.name], env=environment, stdout=subprocess.PIPE, text=True
    )
    wait_until(lambda: landed(warehouse, OFFSETS, number=0) != [])
    running.send_signal(signal.SIGTERM)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "2 messages in 1 loads: 1 events, 1 rejected." in said
    refused = subprocess.run(
        [*command, "nowhere", "--once"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "The topic is not there" in refused.stderr
    assert "Traceback" not in refused.stderr
