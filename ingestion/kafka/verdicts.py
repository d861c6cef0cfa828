"""Judges messages as lines of files are judged: every message becomes an event or is rejected."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from confluent_kafka import Message

from ingestion.contracts import MAX_LINE_BYTES, Reason
from ingestion.mapped_rows import map_rows
from ingestion.mappings import Mapping
from ingestion.readers.json_rows import build_json_batch
from ingestion.rejections import KEPT_BYTES_OF_LONG_LINE, Rejection
from ingestion.validator import (
    FaultyRow,
    Origin,
    Verdicts,
    build_rejected,
    name_deliveries,
    validate_lines,
)

_TOO_LONG = Rejection(
    Reason.LINE_TOO_LONG,
    f"the message is longer than {MAX_LINE_BYTES} bytes; its beginning is kept",
)
_TOMBSTONE = Rejection(Reason.EMPTY_MESSAGE, "the message has no value (a tombstone)")
_BLANK = Rejection(Reason.EMPTY_MESSAGE, "the value is empty")


def judge_messages(
    messages: Sequence[Message], *, mapping: Mapping | None, origin: Origin
) -> Verdicts:
    """Judges messages of one partition.

    Args:
        messages: The messages, by offset.
        mapping: How their JSON becomes events; None for native events.
        origin: The partition; a delivery is named by it and the message's offset.

    Returns:
        The events and the rejected messages; `line_number` is the offset.
    """
    offsets: list[int] = []
    lines: list[bytes] = []
    faulty: list[FaultyRow] = []
    for message in messages:
        value = message.value()
        if value and len(value) <= MAX_LINE_BYTES and not value.isspace():
            offsets.append(message.offset())
            lines.append(value)
            continue
        fault = _TOMBSTONE if value is None else _BLANK if not value.strip() else _TOO_LONG
        raw = (value or b"")[:KEPT_BYTES_OF_LONG_LINE]
        faulty.append(FaultyRow(message.offset(), None, fault, raw))
    if mapping is not None:
        verdicts = map_rows(
            build_json_batch(lines, line_numbers=offsets, paths=mapping.columns()),
            mapping,
            origin=origin,
        )
    else:
        verdicts = _judge_native(lines, offsets, origin)
    if not faulty:
        return verdicts
    rejected = pa.concat_tables([verdicts.rejected, build_rejected(faulty, origin=origin)])
    return Verdicts(verdicts.events, rejected.sort_by("line_number"))


def _judge_native(lines: list[bytes], offsets: list[int], origin: Origin) -> Verdicts:
    """Judges native events: numbered as lines first, since offsets may have holes."""
    verdicts = validate_lines(lines, first_line=0, origin=origin)
    numbers = pa.array(offsets, pa.int64())
    return Verdicts(
        _renumber(verdicts.events, numbers, origin), _renumber(verdicts.rejected, numbers, origin)
    )


def _renumber(table: pa.Table, offsets: pa.Array, origin: Origin) -> pa.Table:
    """Puts offsets where the numbers of lines are."""
    numbers = offsets.take(table["line_number"].combine_chunks())
    deliveries = name_deliveries(numbers, origin=origin, part=None)
    for name, values in (("line_number", numbers), ("delivery_id", deliveries)):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), values)
    return table
