"""Consumes topics: poll, judge, land with the offsets in one transaction, tell the group."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pyarrow as pa
from sqlalchemy import Connection

from ingestion.batches import Batch, land_batches
from ingestion.contracts import NATIVE
from ingestion.kafka.clients import BrokerAwayError
from ingestion.kafka.dead_letters import DeadLetters
from ingestion.kafka.polling import PolledPartition, Poller
from ingestion.kafka.positions import Gap, SupersededError, record_gap, record_ranges
from ingestion.kafka.settings import KafkaSettings
from ingestion.kafka.verdicts import judge_messages
from ingestion.ledger import LoadKey, Unit
from ingestion.load_reports import BatchesReport
from ingestion.mappings import Mapping, load_mapping
from ingestion.outages import outlast_outages
from ingestion.settings import IngestionSettings
from ingestion.validator import Origin
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.crash_points import crash_point
from warehouse.progress import Task, progress

_BATCH_MESSAGES = 20_000
_RETRY_SECONDS = 1
_NS = 10**9


@dataclass
class ConsumeReport:
    """What a run of the consumer did.

    Attributes:
        load_ids: The loads that landed.
        message_count: Messages in them.
        event_count: Deliveries that landed as events.
        rejected_count: Deliveries that landed as rejected.
        superseded_count: Loads that were dropped, since another consumer was first.
        gaps: Gaps that were found and not known before.
    """

    load_ids: list[int] = field(default_factory=list)
    message_count: int = 0
    event_count: int = 0
    rejected_count: int = 0
    superseded_count: int = 0
    gaps: list[Gap] = field(default_factory=list)

    @property
    def received_count(self) -> int:
        """Deliveries: events and rejected ones."""
        return self.event_count + self.rejected_count


def consume_topics(
    warehouse: Warehouse,
    settings: KafkaSettings | None = None,
    *,
    until_end: bool = False,
    seconds: int | None = None,
    stop: threading.Event | None = None,
) -> ConsumeReport:
    """Lands messages of the settings' topics, each exactly once.

    Where a partition was read to is in Postgres, in the transaction that makes its messages count.
    So the consumer may be killed anywhere, and partitions may move to another one at any time.

    Args:
        warehouse: The warehouse.
        settings: Settings; from the environment when not given.
        until_end: Stop once everything that waits has landed.
        seconds: Stop after so many seconds, whatever waits; None: never.
        stop: Stop when it is set; what was polled by then still lands.

    Returns:
        What was done.

    Raises:
        BrokerAwayError: No broker answered for `broker_seconds`.
        MeterhouseError: A topic is not there, the client is refused, offsets have gone back, the
            dead-letter topic takes nothing, or Postgres failed.
    """
    return _Consumption(warehouse, settings or KafkaSettings()).run(
        until_end=until_end, seconds=seconds, stop=stop or threading.Event()
    )


class _Consumption:
    """One run of the consumer."""

    def __init__(self, warehouse: Warehouse, settings: KafkaSettings) -> None:
        if not settings.topics:
            raise MeterhouseError(
                "No topic is named.", remedy="name one, or set METERHOUSE_KAFKA_TOPICS"
            )
        self._warehouse = warehouse
        self._settings = settings
        self._engine = warehouse.engine(Role.LOADER)
        self._mapping = _read_mapping(settings)
        self._dead_letters: DeadLetters | None = None
        self._report = ConsumeReport()

    def run(self, *, until_end: bool, seconds: int | None, stop: threading.Event) -> ConsumeReport:
        """Consumes until it is time to stop; takes a new member of the group after an outage."""
        self._until_end, self._stop = until_end, stop
        self._ends_at = None if seconds is None else time.monotonic() + seconds
        self._heard_at = time.monotonic()
        with progress().task("Consuming from Kafka", unit="messages") as task:
            while True:
                try:
                    self._consume(task)
                except BrokerAwayError:
                    away = time.monotonic() - self._heard_at
                    if away >= self._settings.broker_seconds or self._must_stop():
                        raise
                    progress().note("no broker answers; trying again")
                    stop.wait(_RETRY_SECONDS)
                else:
                    return self._report

    def _consume(self, task: Task) -> None:
        """Consumes as one member of the group until it is time to stop."""
        if self._settings.dead_letter_topic:
            self._dead_letters = DeadLetters(self._settings)
        poller = Poller(
            self._settings, self._engine, topics=self._settings.topics, on_gap=self._note_gap
        )
        with closing(poller):
            is_done = False
            while not is_done:
                is_done = self._fill(poller)
                crash_point("kafka.after_poll")
                if poller.polled:
                    self._land(poller, task)

    def _fill(self, poller: Poller) -> bool:
        """Polls the messages of one load. Returns whether it is the last one."""
        settings = self._settings
        count = size = 0
        waits_until_ns: int | None = None
        while count < settings.batch_messages and size < settings.batch_bytes:
            if self._must_stop():
                return True
            poller.poll(
                most_messages=settings.batch_messages - count,
                most_bytes=settings.batch_bytes - size,
            )
            if poller.was_assigned:
                self._heard_at = time.monotonic()
            count = sum(len(item.messages) for item in poller.polled)
            size = poller.size_bytes
            if self._until_end and poller.is_at_end:
                return not count
            if count and waits_until_ns is None:
                waits_until_ns = time.monotonic_ns() + settings.batch_seconds * _NS
            if waits_until_ns is not None and time.monotonic_ns() >= waits_until_ns:
                return False
        return False

    def _must_stop(self) -> bool:
        is_over = self._ends_at is not None and time.monotonic() >= self._ends_at
        return is_over or self._stop.is_set()

    def _land(self, poller: Poller, task: Task) -> None:
        """Lands what was polled; goes back when another consumer has landed some of it."""
        polled = poller.polled
        portion = _Portion(polled, self._mapping, self._dead_letters)
        try:
            landed = land_batches(
                self._warehouse,
                _describe_load(self._mapping),
                portion.read,
                record=portion.record,
                settings=IngestionSettings(),
            )
        except SupersededError as refusal:
            self._report.superseded_count += 1
            progress().note(f"{refusal.message} Going on from there.")
            poller.resume()
            return
        crash_point("kafka.after_landing")
        if landed is not None:
            self._count(landed, polled, task)
        poller.forget(polled)
        crash_point("kafka.after_offset_commit")

    def _count(self, landed: BatchesReport, polled: list[PolledPartition], task: Task) -> None:
        report = self._report
        count = sum(len(item.messages) for item in polled)
        report.load_ids.append(landed.load_id)
        report.message_count += count
        report.event_count += landed.event_count
        report.rejected_count += landed.rejected_count
        task.advance(count)
        ends = ", ".join(f"{item.key} up to {item.expected}" for item in polled)
        progress().note(
            f"load {landed.load_id}: {count:,} messages, {landed.event_count:,} events, "
            f"{landed.rejected_count:,} rejected; {ends}"
        )

    def _note_gap(self, gap: Gap) -> None:
        seconds = IngestionSettings().outage_seconds
        if outlast_outages(self._engine, lambda: record_gap(self._engine, gap), seconds=seconds):
            self._report.gaps.append(gap)
            progress().note(f"WARNING, messages are missing: {gap}")


class _Portion:
    """The messages of one load: one unit for each partition."""

    def __init__(
        self,
        polled: list[PolledPartition],
        mapping: Mapping | None,
        dead_letters: DeadLetters | None,
    ) -> None:
        self._polled = polled
        self._mapping = mapping
        self._dead_letters = dead_letters
        self._rejected: list[pa.Table] = []

    def read(self, load_id: int) -> Iterator[Batch | Unit]:
        """Judges the messages, as `land_batches` asks."""
        self._rejected = []
        for number, item in enumerate(self._polled, start=1):
            origin = Origin(load_id, number, str(item.key))
            for first in range(0, len(item.messages), _BATCH_MESSAGES):
                messages = item.messages[first : first + _BATCH_MESSAGES]
                verdicts = judge_messages(messages, mapping=self._mapping, origin=origin)
                if verdicts.rejected.num_rows:
                    self._rejected.append(verdicts.rejected)
                yield Batch(number, verdicts, len(messages))
            yield _describe_unit(number, item)

    def record(self, connection: Connection, load_id: int) -> None:
        """Records the offsets, once the dead-letter topic has what was rejected."""
        record_ranges(connection, load_id, [item.to_range() for item in self._polled])
        if self._dead_letters is not None and self._rejected:
            messages = {
                (number, message.offset()): message
                for number, item in enumerate(self._polled, start=1)
                for message in item.messages
            }
            self._dead_letters.send(pa.concat_tables(self._rejected), messages)
            crash_point("kafka.after_dead_letters")


def _describe_unit(number: int, item: PolledPartition) -> Unit:
    """Names a range of a partition in the ledger of files; no other range has its digest."""
    identity = f"{item.key.topic}:{item.key.topic_id}:{item.key.number}:{item.first_offset}"
    size = sum(len(message.value() or b"") for message in item.messages)
    return Unit(number, str(item.key), hashlib.sha256(identity.encode()).hexdigest(), size)


def _describe_load(mapping: Mapping | None) -> LoadKey:
    if mapping is None:
        return LoadKey(source="kafka", mapping_name=NATIVE, mapping_sha256="")
    return LoadKey(source="kafka", mapping_name=mapping.name, mapping_sha256=mapping.sha256)


def _read_mapping(settings: KafkaSettings) -> Mapping | None:
    if settings.mapping is None:
        return None
    mapping = load_mapping(settings.mapping)
    if mapping.format != "jsonl":
        raise MeterhouseError(
            f"The mapping {mapping.name} reads {mapping.format}; messages are JSON.",
            remedy="name a mapping of format jsonl in METERHOUSE_KAFKA_MAPPING",
        )
    return mapping
