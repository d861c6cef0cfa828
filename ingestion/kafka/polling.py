"""Polls the partitions that this consumer has at the moment, each from where its last load ended.

Nothing is kept across a rebalance: what was polled and not landed of a partition that goes is
dropped, and whoever gets the partition reads it again from the offset that Postgres has.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from sqlalchemy import Engine

from ingestion.kafka.clients import (
    PROBE_SECONDS,
    explain,
    explain_exception,
    is_fatal,
    make_admin,
    make_consumer,
)
from ingestion.kafka.positions import (
    HOLE,
    RETENTION,
    Gap,
    OffsetRange,
    PartitionKey,
    find_replaced,
    read_positions,
)
from ingestion.kafka.settings import KafkaSettings
from ingestion.kafka.topics import Topics, ignore_error
from ingestion.outages import outlast_outages
from ingestion.settings import IngestionSettings
from warehouse import MeterhouseError

_Answer = TypeVar("_Answer")
_MOST_AT_ONCE = 5_000
_WAIT_SECONDS = 100 / 1000


@dataclass
class PolledPartition:
    """A partition that this consumer has, and what it polled of it.

    Attributes:
        key: The partition.
        first_offset: Where the load before ended.
        expected: The offset that the next message should have.
        messages: Messages that are not landed yet.
        size_bytes: Bytes of their values.
        is_at_end: Whether there was nothing more the last time.
    """

    key: PartitionKey
    first_offset: int
    expected: int
    messages: list[Message] = field(default_factory=list)
    size_bytes: int = 0
    is_at_end: bool = False

    def to_range(self) -> OffsetRange:
        """Describes what was polled."""
        return OffsetRange(self.key, self.first_offset, self.expected, len(self.messages))


class Poller:
    """One member of the consumer group.

    Args:
        settings: Settings.
        engine: Engine of the role that loads, for the positions.
        topics: Topics to read.
        on_gap: Told of offsets that can't be read any more.

    Raises:
        MeterhouseError: A topic is not there, or no broker answers.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        engine: Engine,
        *,
        topics: tuple[str, ...],
        on_gap: Callable[[Gap], None],
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._on_gap = on_gap
        self._error: KafkaError | None = None
        self._fault: MeterhouseError | None = None
        self._is_rebalanced = self.was_assigned = False
        self._largest = 16 << 10
        self._partitions: dict[tuple[str, int], PolledPartition] = {}
        self._topics = Topics(make_admin(settings, ignore_error), settings)
        self._topics.find_ids([name for name in topics if not name.startswith("^")])
        self._consumer: Consumer = make_consumer(settings, self._note_error)
        self._consumer.subscribe(
            list(topics), on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke
        )

    @property
    def polled(self) -> list[PolledPartition]:
        """The partitions that have messages to land."""
        return [item for _, item in sorted(self._partitions.items()) if item.messages]

    @property
    def size_bytes(self) -> int:
        """Bytes of the messages that are not landed yet."""
        return sum(item.size_bytes for item in self._partitions.values())

    @property
    def is_at_end(self) -> bool:
        """Whether every partition that this consumer has was read to its end."""
        return self.was_assigned and all(item.is_at_end for item in self._partitions.values())

    def poll(self, *, most_messages: int, most_bytes: int) -> None:
        """Waits a moment for messages and keeps them.

        Args:
            most_messages: Messages to take at most.
            most_bytes: Bytes to take at most, about.

        Raises:
            BrokerAwayError: No broker answers; a new poller may have more luck.
            MeterhouseError: The client is refused, a topic is gone, or offsets have gone back.
        """
        count = max(1, min(_MOST_AT_ONCE, most_messages, most_bytes // self._largest))
        self._error = None
        try:
            messages = self._consumer.consume(num_messages=count, timeout=_WAIT_SECONDS)
        except KafkaException as error:
            raise explain_exception(error, self._settings) from error
        if self._fault is not None:
            raise self._fault
        if self._error is not None:
            raise explain(self._error, self._settings)
        if self._is_rebalanced:
            self._is_rebalanced = False
            self._seek_expected()
            return
        for message in messages:
            self._keep(message)

    def forget(self, landed: list[PolledPartition]) -> None:
        """Lets go of what has landed, and tells the group; the telling may fail.

        Args:
            landed: Partitions of `polled`.
        """
        offsets = []
        for item in landed:
            item.messages, item.size_bytes = [], 0
            item.first_offset = item.expected
            offsets.append(TopicPartition(item.key.topic, item.key.number, item.expected))
        with suppress(KafkaException):  # for onlookers only: where to go on is in Postgres
            self._consumer.commit(offsets=offsets, asynchronous=True)

    def resume(self) -> None:
        """Drops what was polled and goes back to where Postgres says that loads have ended."""
        keys = [item.key for item in self._partitions.values()]
        positions = self._ask(lambda: read_positions(self._engine, keys))
        for item in self._partitions.values():
            item.messages, item.size_bytes, item.is_at_end = [], 0, False
            item.first_offset = positions.get(item.key, item.first_offset)
            item.expected = item.first_offset
        self._seek_expected()

    def close(self) -> None:
        """Leaves the group; what was polled and not landed is dropped."""
        self._consumer.close()

    def _keep(self, message: Message) -> None:
        place = (message.topic(), message.partition())
        error = message.error()
        item = self._partitions.get(place)
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                if item is not None:
                    item.is_at_end = True
                return
            raise explain(error, self._settings)
        if item is None:
            return
        offset = message.offset()
        if offset != item.expected and not self._explain_jump(item, offset):
            return
        item.messages.append(message)
        item.expected = offset + 1
        item.is_at_end = False
        size = len(message.value() or b"")
        item.size_bytes += size
        self._largest = max(self._largest, size)

    def _explain_jump(self, item: PolledPartition, offset: int) -> bool:
        """Finds out why offsets jump. Returns whether the message is one to keep."""
        low, high = self._watermarks(item.key)
        if offset < item.expected:
            if high < item.expected:
                raise _refuse_rewind(item.key, item.expected, high)
            return False
        if low > item.expected:
            self._on_gap(Gap(item.key, item.expected, min(low, offset), RETENTION))
        start = max(low, item.expected)
        if start < offset and not self._topics.may_jump(item.key.topic):
            self._on_gap(Gap(item.key, start, offset, HOLE))
        return True

    def _assign(self, consumer: Consumer, given: list[TopicPartition]) -> None:
        """Takes partitions over, from where Postgres says that loads have ended."""
        self._is_rebalanced = self.was_assigned = True
        self._partitions.clear()
        try:
            ids = self._topics.find_ids(sorted({item.topic for item in given}))
            keys = [PartitionKey(item.topic, ids[item.topic], item.partition) for item in given]
            positions = self._ask(lambda: read_positions(self._engine, keys))
            for key in keys:
                self._partitions[key.topic, key.number] = self._begin(key, positions.get(key))
        except KafkaException as error:
            self._fault = explain_exception(error, self._settings)
        except MeterhouseError as fault:
            self._fault = fault
        self._seek_expected()

    def _begin(self, key: PartitionKey, stored: int | None) -> PolledPartition:
        low, high = self._watermarks(key)
        if stored is None:
            replaced = self._ask(lambda: find_replaced(self._engine, key))
            if replaced is not None:
                self._on_gap(replaced)
            return PolledPartition(key, low, low)
        if stored > high:
            raise _refuse_rewind(key, stored, high)
        if stored < low:
            self._on_gap(Gap(key, stored, low, RETENTION))
        return PolledPartition(key, stored, max(stored, low))

    def _ask(self, question: Callable[[], _Answer]) -> _Answer:
        """Asks Postgres; waits where it has gone away."""
        seconds = IngestionSettings().outage_seconds
        return outlast_outages(self._engine, question, seconds=seconds)

    def _revoke(self, consumer: Consumer, taken: list[TopicPartition]) -> None:
        """Drops what was polled of partitions that go to another consumer."""
        self._is_rebalanced = True
        for item in taken:
            self._partitions.pop((item.topic, item.partition), None)

    def _seek_expected(self) -> None:
        self._consumer.assign(
            [TopicPartition(*place, item.expected) for place, item in self._partitions.items()]
        )

    def _watermarks(self, key: PartitionKey) -> tuple[int, int]:
        """Asks the broker for the first offset that a partition still has, and the next one."""
        place = TopicPartition(key.topic, key.number)
        return self._consumer.get_watermark_offsets(place, timeout=PROBE_SECONDS, cached=False)

    def _note_error(self, error: KafkaError) -> None:
        if is_fatal(error) or error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._error = error


def _refuse_rewind(key: PartitionKey, stored: int, high: int) -> MeterhouseError:
    return MeterhouseError(
        f"{key} was read up to offset {stored}, but the broker has only {high} now.",
        remedy="the log was cut off (an unclean election of a leader?): what was written there "
        "again can't be told from what was read; send it to a topic of another name",
    )
