"""Where each partition was read to: rows that commit with the load, so that none is read twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from warehouse import MeterhouseError

RETENTION, HOLE, TOPIC_REPLACED = "retention", "hole", "topic_replaced"
_MEANING = {
    RETENTION: "deleted by the broker before they were read",
    HOLE: "missing in the log (a topic written in transactions? then name it in "
    "METERHOUSE_KAFKA_TRANSACTIONAL_TOPICS)",
    TOPIC_REPLACED: "the topic was deleted and made anew, or is on another cluster now; "
    "what the old one held behind this offset was not read",
}


@dataclass(frozen=True, order=True)
class PartitionKey:
    """One partition of one topic; a topic that was made anew has another id.

    Attributes:
        topic: Name of the topic.
        topic_id: Id that the cluster gave it.
        number: Number of the partition.
    """

    topic: str
    topic_id: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.number}"


@dataclass(frozen=True)
class OffsetRange:
    """What one load read of one partition.

    Attributes:
        key: The partition.
        first_offset: Where the load before it ended.
        next_offset: Where the next one begins.
        message_count: Messages in between.
    """

    key: PartitionKey
    first_offset: int
    next_offset: int
    message_count: int


@dataclass(frozen=True)
class Gap:
    """Offsets that were jumped over: their messages can't be read.

    Attributes:
        key: The partition.
        first_offset: The first one.
        next_offset: The first one behind; None when nobody can tell.
        reason: `retention`, `hole` or `topic_replaced`.
        found_at: When it was found; None before it is recorded.
    """

    key: PartitionKey
    first_offset: int
    next_offset: int | None
    reason: str
    found_at: datetime | None = None

    def __str__(self) -> str:
        end = "" if self.next_offset is None else f" to {self.next_offset - 1}"
        return f"{self.key}: offsets {self.first_offset}{end}: {_MEANING[self.reason]}"


class SupersededError(MeterhouseError):
    """Another consumer has read the same messages meanwhile; nothing of this load counts."""


def read_positions(engine: Engine, keys: Sequence[PartitionKey]) -> dict[PartitionKey, int]:
    """Reads where partitions are to be read from.

    Args:
        engine: Engine of the role that loads.
        keys: The partitions.

    Returns:
        The next offset of each that was read before.
    """
    with engine.connect() as connection:
        found = {key: _read_position(connection, key) for key in keys}
    return {key: offset for key, offset in found.items() if offset is not None}


def find_replaced(engine: Engine, key: PartitionKey) -> Gap | None:
    """Finds out whether a partition was last read while its topic had another id.

    Args:
        engine: Engine of the role that loads.
        key: The partition as it is now.

    Returns:
        The gap that the old topic has left; None when there was none.
    """
    query = text(
        "select topic_id, next_offset from ops.kafka_offsets where topic = :topic"
        " and partition_number = :number order by load_id desc, first_offset desc limit 1"
    )
    with engine.connect() as connection:
        row = connection.execute(query, vars(key)).one_or_none()
    if row is None or row.topic_id == key.topic_id:
        return None
    return Gap(replace(key, topic_id=row.topic_id), row.next_offset, None, TOPIC_REPLACED)


def record_ranges(connection: Connection, load_id: int, ranges: Sequence[OffsetRange]) -> None:
    """Records what a load read, if nobody else has read it.

    Args:
        connection: The transaction that marks the load landed.
        load_id: The load.
        ranges: What it read, one of each partition.

    Raises:
        SupersededError: A partition is not where the load found it.
    """
    statement = text(
        "insert into ops.kafka_offsets (topic, topic_id, partition_number, first_offset,"
        " next_offset, message_count, load_id) values (:topic, :topic_id, :number, :first_offset,"
        " :next_offset, :message_count, :load_id)"
    )
    for item in sorted(ranges, key=lambda item: item.key):
        connection.execute(
            text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
            {"name": f"meterhouse:kafka:{item.key}"},
        )
        stored = _read_position(connection, item.key)
        if stored is not None and stored != item.first_offset:
            raise SupersededError(
                f"Another consumer has read {item.key} up to {stored} meanwhile.",
                remedy="none is needed: this one goes on from there",
            )
        connection.execute(
            statement,
            {
                **vars(item.key),
                "first_offset": item.first_offset,
                "next_offset": item.next_offset,
                "message_count": item.message_count,
                "load_id": load_id,
            },
        )


def record_gap(engine: Engine, gap: Gap) -> bool:
    """Records a gap where it is not yet.

    Args:
        engine: Engine of the role that loads.
        gap: The gap.

    Returns:
        Whether it is new.
    """
    statement = text(
        "insert into ops.kafka_gaps (topic, topic_id, partition_number, first_offset, next_offset,"
        " reason) values (:topic, :topic_id, :number, :first_offset, :next_offset, :reason)"
        " on conflict do nothing"
    )
    values = {
        **vars(gap.key),
        "first_offset": gap.first_offset,
        "next_offset": gap.next_offset,
        "reason": gap.reason,
    }
    with engine.begin() as connection:
        return connection.execute(statement, values).rowcount == 1


def list_gaps(engine: Engine, *, since: datetime | None = None) -> list[Gap]:
    """Lists the gaps that were found, the newest first.

    Args:
        engine: Engine of a role that reads schema ops.
        since: Only those found at or after this instant.

    Returns:
        The gaps.
    """
    query = text(
        "select topic, topic_id, partition_number, first_offset, next_offset, reason, found_at"
        " from ops.kafka_gaps where found_at >= coalesce(:since, '-infinity'::timestamptz)"
        " order by found_at desc, topic, partition_number, first_offset"
    )
    with engine.connect() as connection:
        return [
            Gap(
                PartitionKey(row.topic, row.topic_id, row.partition_number),
                row.first_offset,
                row.next_offset,
                row.reason,
                row.found_at,
            )
            for row in connection.execute(query, {"since": since})
        ]


def _read_position(connection: Connection, key: PartitionKey) -> int | None:
    query = text(
        "select max(next_offset) from ops.kafka_offsets where topic = :topic"
        " and topic_id = :topic_id and partition_number = :number"
    )
    return connection.execute(query, vars(key)).scalar_one()
