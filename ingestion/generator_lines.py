"""Columns of generated deliveries, and their lines of JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_REGIONS = ("us-east", "eu-central", "ap-south")
_CHAT_MODELS = ("aurora-mini", "aurora-pro", "aurora-max")
_IDENTITY_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class SampleType:
    """An event type of the sample.

    Attributes:
        name: The event type.
        models: The models that it is used with, three of them.
        is_decimal: Whether quantities have three decimals, sent as text.
    """

    name: str
    models: tuple[str, str, str]
    is_decimal: bool = False


EVENT_TYPES = (
    SampleType("completion.input_tokens", _CHAT_MODELS),
    SampleType("completion.output_tokens", _CHAT_MODELS),
    SampleType("embedding.tokens", ("aurora-embed",) * 3),
    SampleType("image.generated", ("aurora-image",) * 3),
    SampleType("batch.request", _CHAT_MODELS),
    SampleType("audio.seconds", ("aurora-voice",) * 3, is_decimal=True),
)
_SENT_TYPES = (*EVENT_TYPES, SampleType("video.seconds", ("aurora-video",) * 3))
UNKNOWN_TYPE = len(EVENT_TYPES)
_UNKNOWN_CUSTOMERS = ("cus_gone", "cus_test", "org_unlisted")


@dataclass(frozen=True)
class Deliveries:
    """Generated deliveries as columns of int64, all of one length.

    Attributes:
        event_number: Number of the event; its id derives from it.
        customer: Position in the list of customers, or beyond it for unknown ones.
        event_type: Position in the list of event types, or `UNKNOWN_TYPE`.
        variant: Region and model, 0 to 8.
        occurred_ms: When it occurred, milliseconds since 1970, UTC.
        arrived_ms: When it arrived.
        quantity_milli: Quantity in thousandths.
        fault: Which fault the line has; -1 for none.
    """

    event_number: np.ndarray
    customer: np.ndarray
    event_type: np.ndarray
    variant: np.ndarray
    occurred_ms: np.ndarray
    arrived_ms: np.ndarray
    quantity_milli: np.ndarray
    fault: np.ndarray

    def __len__(self) -> int:
        return len(self.event_number)

    def take(self, rows: np.ndarray | slice) -> Deliveries:
        """Returns some of the rows; a copy, unless `rows` is a slice."""
        return Deliveries(*(getattr(self, item.name)[rows] for item in fields(self)))

    def in_arrival_order(self) -> Deliveries:
        """Returns the rows by arrival; those of one instant keep their order."""
        return self.take(np.argsort(self.arrived_ms, kind="stable"))

    @staticmethod
    def concatenate(parts: Sequence[Deliveries]) -> Deliveries:
        """Puts the rows of several together, in order."""
        return Deliveries(
            *(
                np.concatenate([getattr(part, item.name) for part in parts])
                for item in fields(Deliveries)
            )
        )


def write_lines(file: BinaryIO, deliveries: Deliveries, customers: Sequence[str]) -> None:
    """Writes deliveries as lines of JSON.

    Args:
        file: Where to.
        deliveries: The deliveries.
        customers: Ids of the customers.
    """
    faulty = np.flatnonzero(deliveries.fault >= 0)
    lines = _build_lines(deliveries, customers)
    if not len(faulty):
        file.write(_join_lines(lines))
        return
    first = 0
    for row in faulty.tolist():
        file.write(_join_lines(lines.slice(first, row - first)))
        file.write(_spoil(lines[row].as_py(), int(deliveries.fault[row])).encode())
        first = row + 1
    file.write(_join_lines(lines.slice(first)))


def _build_lines(deliveries: Deliveries, customers: Sequence[str]) -> pa.Array:
    """Builds the lines, with their line feeds."""
    identity = deliveries.event_number.astype(np.uint64) * _IDENTITY_FACTOR
    names = pa.array([*customers, *_UNKNOWN_CUSTOMERS], pa.string())
    types = pa.array([kind.name for kind in _SENT_TYPES], pa.string())
    properties = pa.array(
        [
            f'{{"model":"{kind.models[variant % 3]}","region":"{_REGIONS[variant // 3]}"}}'
            for kind in _SENT_TYPES
            for variant in range(9)
        ],
        pa.string(),
    )
    instants = pa.array(deliveries.occurred_ms).cast(pa.timestamp("ms")).cast(pa.string())
    return pc.binary_join_element_wise(
        '{"event_id":"evt_',
        pa.array(identity).cast(pa.string()),
        '","customer_id":"',
        names.take(pa.array(deliveries.customer)),
        '","event_type":"',
        types.take(pa.array(deliveries.event_type)),
        '","occurred_at":"',
        pc.replace_substring(instants, " ", "T"),
        'Z","quantity":',
        _quantity_texts(deliveries),
        ',"properties":',
        properties.take(pa.array(deliveries.event_type * 9 + deliveries.variant)),
        "}\n",
        "",
    )


def _quantity_texts(deliveries: Deliveries) -> pa.Array:
    whole = pa.array(deliveries.quantity_milli // 1000).cast(pa.string())
    fraction = pa.array(deliveries.quantity_milli % 1000).cast(pa.string())
    decimal = pc.binary_join_element_wise(
        '"', whole, ".", pc.utf8_lpad(fraction, width=3, padding="0"), '"', ""
    )
    is_decimal = np.take([kind.is_decimal for kind in _SENT_TYPES], deliveries.event_type)
    return pc.if_else(pa.array(is_decimal), decimal, whole)


def _join_lines(lines: pa.Array) -> bytes:
    return "".join(lines.to_pylist()).encode()


def _spoil(line: str, fault: int) -> str:
    """Makes a line faulty: cut off, no number, no day of the calendar, no customer."""
    if fault == 0:
        return line[:70] + "\n"
    if fault == 1:
        start = line.index('"quantity":') + len('"quantity":')
        return line[:start] + '"n/a"' + line[line.index(',"properties"') :]
    if fault == 2:
        start = line.index('"occurred_at":"') + len('"occurred_at":"')
        return line[:start] + "2026-02-30T12:00:00Z" + line[line.index('","quantity"') :]
    start = line.index('"customer_id"')
    return line[:start] + line[line.index('"event_type"') :]
