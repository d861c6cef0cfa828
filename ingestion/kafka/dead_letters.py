"""Sends rejected messages to a topic of their own as well, for whoever sent them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pyarrow as pa
from confluent_kafka import KafkaError, KafkaException, Message

from ingestion.kafka.clients import explain, is_fatal, make_admin, make_producer
from ingestion.kafka.settings import KafkaSettings
from ingestion.kafka.topics import Topics
from warehouse import MeterhouseError

_DELIVERY_SECONDS = 20


class DeadLetters:
    """The dead-letter topic. A message may be there twice after a crash, and is never missing.

    Args:
        settings: Settings; `dead_letter_topic` is set.

    Raises:
        MeterhouseError: The topic is not there, or no broker answers.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._topic = settings.dead_letter_topic
        self._failures: list[KafkaError] = []
        self._oversized: list[dict[str, str]] = []
        self._lock = threading.Lock()
        Topics(make_admin(settings, self._note_error), settings).find_ids([self._topic])
        self._producer = make_producer(
            settings, self._note_error, delivery_seconds=_DELIVERY_SECONDS
        )

    def send(self, rejected: pa.Table, messages: dict[tuple[int, int], Message]) -> int:
        """Sends rejected messages as they came, and waits until the topic has them.

        Headers say where a message was (`meterhouse-origin`, the delivery's id) and why it was
        rejected (`meterhouse-reason`, `meterhouse-detail`). A message that is larger than the topic
        takes goes without its value (`meterhouse-value-bytes` says how large it was).

        Args:
            rejected: Rows of `REJECTED_SCHEMA`.
            messages: The messages by unit number and offset.

        Returns:
            Number of messages that were sent.

        Raises:
            MeterhouseError: The topic doesn't take them; the load must not count then.
        """
        self._failures.clear()
        self._oversized.clear()
        seen: set[tuple[int, int]] = set()
        for place, headers in _describe(rejected):
            if place in seen:
                continue
            seen.add(place)
            self._produce(messages[place], headers)
        self._flush()
        oversized, self._oversized = self._oversized, []
        for headers in oversized:
            self._producer.produce(self._topic, headers=headers, on_delivery=self._note_failure)
        self._flush()
        return len(seen)

    def _produce(self, message: Message, headers: dict[str, str]) -> None:
        value = message.value()
        headers["meterhouse-value-bytes"] = str(len(value or b""))

        def settle(error: KafkaError | None, sent: Message) -> None:
            if error is not None and error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                self._oversized.append(headers)
            else:
                self._note_failure(error, sent)

        while True:
            try:
                self._producer.produce(
                    self._topic,
                    value=value,
                    key=message.key(),
                    headers=headers,
                    on_delivery=settle,
                )
            except BufferError:
                self._producer.poll(1)
            except KafkaException as error:
                settle(error.args[0], message)
                return
            else:
                return

    def _flush(self) -> None:
        left = self._producer.flush(_DELIVERY_SECONDS)
        if left or self._failures:
            self._producer.purge()
            self._producer.flush(1)
            code = self._failures[0] if self._failures else KafkaError(KafkaError._TIMED_OUT)
            raise MeterhouseError(
                f"The dead-letter topic {self._topic} doesn't take rejected messages: "
                f"{explain(code, self._settings).message}",
                remedy="mend or create the topic, or unset METERHOUSE_KAFKA_DEAD_LETTER_TOPIC; "
                "then run the same command again: nothing of this load was counted",
            )

    def _note_failure(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._note(error)

    def _note_error(self, error: KafkaError) -> None:
        if is_fatal(error):
            self._note(error)

    def _note(self, error: KafkaError) -> None:
        with self._lock:
            self._failures.append(error)


def _describe(rejected: pa.Table) -> Iterator[tuple[tuple[int, int], dict[str, str]]]:
    columns: Sequence[str] = ("file_number", "line_number", "delivery_id", "reason", "detail")
    for row in rejected.select(list(columns)).to_pylist():
        yield (
            (row["file_number"], row["line_number"]),
            {
                "meterhouse-origin": row["delivery_id"],
                "meterhouse-reason": row["reason"],
                "meterhouse-detail": row["detail"],
            },
        )
