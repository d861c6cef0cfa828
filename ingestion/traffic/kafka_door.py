"""Made-up traffic by Kafka: one message for each line, keyed by customer."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message

from ingestion.kafka.clients import make_producer
from ingestion.kafka.settings import KafkaSettings
from ingestion.kafka.topics import check_topics, ignore_error
from ingestion.traffic.doors import customer_of
from ingestion.traffic.settings import TrafficSettings
from warehouse.errors import MeterhouseError

_DELIVERY_SECONDS = 30


class KafkaDoor:
    """A topic; a batch is taken once every replica in sync has it.

    Args:
        settings: The topic.
        kafka: Where the brokers are; from the environment when not given.

    Raises:
        MeterhouseError: No topic is named or it is not there, or no broker answers.
    """

    def __init__(self, settings: TrafficSettings, kafka: KafkaSettings | None = None) -> None:
        kafka = kafka or KafkaSettings()
        self._topic = settings.kafka_topic or next(iter(kafka.topics), "")
        if not self._topic or self._topic.startswith("^"):
            raise MeterhouseError("No topic is named.", remedy="set METERHOUSE_TRAFFIC_KAFKA_TOPIC")
        check_topics(kafka.model_copy(update={"topics": (self._topic,)}))
        self._lock = threading.Lock()
        self._failures: list[KafkaError] = []
        self._producer = make_producer(kafka, ignore_error, delivery_seconds=_DELIVERY_SECONDS)

    def send(self, lines: Sequence[bytes]) -> None:
        """Sends messages and waits for their acknowledgement."""
        with self._lock:
            self._failures.clear()
            for line in lines:
                self._produce(line)
            left = self._producer.flush(_DELIVERY_SECONDS + 2)
            if left or self._failures:
                self._producer.purge()
                self._producer.flush(1)
                why = self._failures[0].str() if self._failures else "no answer"
                raise OSError(f"the topic {self._topic} doesn't acknowledge messages: {why}")

    def close(self) -> None:
        """Has nothing left to do: every batch was waited for."""

    def _produce(self, line: bytes) -> None:
        try:
            self._producer.produce(
                self._topic, value=line, key=customer_of(line), on_delivery=self._note_delivery
            )
        except BufferError:
            self._producer.flush(_DELIVERY_SECONDS)
            self._produce(line)
        except KafkaException as error:
            self._failures.append(error.args[0])

    def _note_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failures.append(error)
