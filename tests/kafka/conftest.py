"""A broker for all tests of this folder, and a topic of its own for each."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Producer
from sqlalchemy import text

from ingestion.kafka.settings import KafkaSettings
from tests.kafka_broker.broker import Broker, NoBrokerError
from warehouse import Role, Warehouse


def event_line(
    event_id: str, *, customer: str = "c", quantity: str = "1", event_type: str = "t"
) -> bytes:
    """One native event."""
    return (
        f'{{"event_id":"{event_id}","customer_id":"{customer}","event_type":"{event_type}",'
        f'"occurred_at":"2025-09-01T00:00:00Z","quantity":{quantity}}}'
    ).encode()


@dataclass
class Topic:
    """A topic of one test, and what to consume it with."""

    name: str
    broker: Broker
    settings: KafkaSettings

    def send(self, *values: bytes | None, partition: int = 0, topic: str = "") -> None:
        """Sends messages, in order, and waits until they are acknowledged."""
        producer = Producer(
            {"bootstrap.servers": self.broker.address, "message.max.bytes": 8 << 20, "log_level": 0}
        )
        for value in values:
            producer.produce(topic or self.name, value=value, key=b"k", partition=partition)
        assert producer.flush(30) == 0

    def with_settings(self, **changes: object) -> KafkaSettings:
        """Its settings, with changes."""
        return self.settings.model_copy(update=changes)


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """A running broker; tests are skipped where there can be none."""
    home = Path(tempfile.mkdtemp(prefix="meterhouse-kafka-"))
    try:
        made = Broker(home)
    except NoBrokerError as error:
        pytest.skip(f"there is no Kafka broker here: {error}")
    try:
        yield made.start()
    finally:
        made.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def topic_numbers() -> Iterator[int]:
    """Numbers for topics."""
    return itertools.count(1)


@pytest.fixture
def make_topic(broker: Broker, topic_numbers: Iterator[int]) -> Callable[..., Topic]:
    """Makes a new topic at each call, and settings that read it."""

    def make(*, partitions: int = 1, **configuration: str) -> Topic:
        name = f"usage_{next(topic_numbers)}"
        broker.make_topic(name, partitions=partitions, **configuration)
        settings = KafkaSettings(
            bootstrap_servers=broker.address,
            topics=(name,),
            group=f"group_{name}",
            batch_seconds=0,
            session_seconds=1,
            metadata_seconds=1,
            broker_seconds=20,
        )
        return Topic(name, broker, settings)

    return make


def landed(warehouse: Warehouse, query: str, **values: object) -> Sequence[tuple]:
    """What a query gives, as the loader sees it."""
    with warehouse.engine(Role.LOADER).connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def wait_until(is_so: Callable[[], bool]) -> None:
    """Waits for a condition; fails when it doesn't come."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
