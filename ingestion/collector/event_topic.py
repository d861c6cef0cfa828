"""Keeps batches in a Kafka topic, where one is configured: acknowledged by all of its replicas."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from ingestion.collector.faults import refuse_too_large
from ingestion.collector.settings import CollectorSettings
from ingestion.kafka.clients import make_admin, make_producer
from ingestion.kafka.settings import KafkaSettings
from ingestion.kafka.topics import Topics, ignore_error
from warehouse.errors import MeterhouseError


class TopicAwayError(OSError):
    """The topic didn't acknowledge a group of batches; none of them is to be acknowledged."""


class EventTopic:
    """The topic of one collector; used by one thread at a time.

    A group that was not acknowledged may be in the topic all the same, whole or in part: its sender
    sends it again, and an event that comes twice counts once.

    Args:
        settings: The topic, and how long it may take to acknowledge.
        kafka: Where the brokers are; from the environment when not given.

    Raises:
        MeterhouseError: No broker is named.
    """

    def __init__(self, settings: CollectorSettings, kafka: KafkaSettings | None = None) -> None:
        kafka = kafka or KafkaSettings()
        self._name = settings.kafka_topic
        self._seconds = settings.kafka_seconds
        self._writer = secrets.token_hex(8)
        self._count = 0
        self._failures: list[KafkaError] = []
        self._kafka = kafka
        self._producer = self._make_producer()
        self._topics = Topics(
            make_admin(kafka, ignore_error),
            kafka.model_copy(update={"broker_seconds": 1}),
        )

    @property
    def position(self) -> tuple[str, int]:
        """What a batch is called: the topic, this writer, and the number of its next event."""
        return f"{self._name}_{self._writer}", self._count + 1

    def publish(self, lines: Sequence[bytes], keys: Sequence[str | None]) -> None:
        """Sends events and waits until every replica in sync has all of them.

        Args:
            lines: Native lines.
            keys: The customer of each, which chooses the partition; None for a line that is none.

        Raises:
            TopicAwayError: Not all were acknowledged in time.
            RequestFaultError: One is larger than the topic takes (413).
        """
        self._failures.clear()
        for line, key in zip(lines, keys, strict=True):
            self._send(line, key)
        # a little longer than the producer itself, so that it is the one to give up
        left = self._producer.flush(self._seconds + 2)
        if left:
            self._producer.purge()
            self._producer.flush(1)
        if any(error.code() == KafkaError.MSG_SIZE_TOO_LARGE for error in self._failures):
            raise refuse_too_large(
                "An event is larger than the topic takes.", remedy="send less in its properties"
            )
        if any(error.fatal() for error in self._failures):
            self._producer = self._make_producer()
        if left or self._failures:
            why = self._failures[0].str() if self._failures else "no answer"
            raise TopicAwayError(f"the topic {self._name} doesn't acknowledge events: {why}")
        self._count += len(lines)

    def find_obstacle(self) -> str:
        """Asks whether the topic can be written to.

        Returns:
            Why it can't; empty when it can.
        """
        try:
            self._topics.find_ids([self._name])
        except MeterhouseError as error:
            return f"the topic {self._name} can't be written to: {error.message}"
        return ""

    def _make_producer(self) -> Producer:
        return make_producer(self._kafka, ignore_error, delivery_seconds=self._seconds)

    def _send(self, line: bytes, key: str | None) -> None:
        ends_at = time.monotonic_ns() + self._seconds * 10**9
        while True:
            try:
                self._producer.produce(
                    self._name, value=line, key=key, on_delivery=self._note_delivery
                )
            except BufferError:
                self._producer.poll(1)
                if time.monotonic_ns() > ends_at:
                    self._failures.append(KafkaError(KafkaError._QUEUE_FULL))
                    return
            except KafkaException as error:
                self._failures.append(error.args[0])
                return
            else:
                return

    def _note_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failures.append(error)
