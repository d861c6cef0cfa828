"""What is known of a delivery in quarantine, and how deliveries are chosen."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ingestion.rejections import restore_raw_text
from warehouse import MeterhouseError

OPEN, REPLAYED, DISCARDED = "open", "replayed", "discarded"
STATES = (OPEN, REPLAYED, DISCARDED)


@dataclass(frozen=True, order=True)
class DeliveryKey:
    """Names one delivery, written as `LOAD/DELIVERY`.

    Attributes:
        load_id: The load that brought it.
        delivery_id: Its place in what was read.
    """

    load_id: int
    delivery_id: str

    def __str__(self) -> str:
        return f"{self.load_id}/{self.delivery_id}"


@dataclass(frozen=True)
class Selection:
    """Which deliveries are meant; what is empty does not restrict.

    Attributes:
        reasons: Reasons of quarantine.
        customers: Customers that the deliveries name.
        load_ids: Loads that brought them.
        files: Names of files or other units, as the ledger has them.
        keys: The deliveries themselves.
        states: `open`, `replayed`, `discarded`.
    """

    reasons: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    load_ids: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    keys: tuple[DeliveryKey, ...] = ()
    states: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeldDelivery:
    """One delivery in quarantine.

    Attributes:
        key: Which one.
        source: The door that it came by.
        mapping_name: The mapping that it was read by.
        customer_id: Who is billed, where the delivery is an event.
        event_id: Identity of the event within its customer, where it is one.
        reason: Why it is in quarantine.
        detail: The reason in words.
        first_delivery_id: The accepted delivery of the same event, for a conflict.
        state: `open`, `replayed` or `discarded`.
        who: Who decided about it last.
        why: Why it was decided so.
        decided_at: When that was.
        replay_key: The delivery by which it came again.
        landed_at: When its load had landed.
        file_name: File or other unit that it came in.
        file_number: Number of that within the load.
        line_number: Line, row or offset in it.
        event_text: An event as a native line; None where the delivery is no event.
        raw_text: What was delivered, as `keep_raw_text` keeps it; of an event: the native line.
    """

    key: DeliveryKey
    source: str
    mapping_name: str
    customer_id: str | None
    event_id: str | None
    reason: str
    detail: str
    first_delivery_id: str | None
    state: str
    who: str | None
    why: str | None
    decided_at: datetime | None
    replay_key: DeliveryKey | None
    landed_at: datetime
    file_name: str | None = None
    file_number: int = 0
    line_number: int = 0
    event_text: str | None = None
    raw_text: str = ""

    @property
    def raw(self) -> bytes:
        """The bytes of the line."""
        if self.event_text is not None:
            return self.event_text.encode()
        return restore_raw_text(self.raw_text)


@dataclass(frozen=True)
class ReasonCounts:
    """How many deliveries a reason holds.

    Attributes:
        reason: The reason.
        counts: State to number of deliveries.
        customer_count: Customers that they name.
        oldest_open_at: When the oldest open one had landed.
    """

    reason: str
    counts: dict[str, int] = field(default_factory=dict)
    customer_count: int = 0
    oldest_open_at: datetime | None = None


def parse_key(written: str) -> DeliveryKey:
    """Reads `LOAD/DELIVERY`.

    Args:
        written: As `quarantine list` shows it.

    Returns:
        The delivery that is meant.

    Raises:
        MeterhouseError: It is not written so.
    """
    load, separator, delivery = written.partition("/")
    if not (separator and delivery and load.isascii() and load.isdigit()):
        raise MeterhouseError(
            f"'{written}' names no delivery.",
            remedy="write it as quarantine list shows it: LOAD/DELIVERY, such as 12/0f3a9c…:7",
        )
    return DeliveryKey(int(load), delivery)


def write_native_line(event: dict[str, Any]) -> str:
    """Writes an event as a native line that reads back as the same event.

    Args:
        event: Its fields; `occurred_at` in RFC 3339, `quantity` as text, `properties` as JSON text.

    Returns:
        One line of JSON.
    """
    names = ("event_id", "customer_id", "event_type", "occurred_at", "quantity")
    head = json.dumps({name: event[name] for name in names}, ensure_ascii=False)
    return f'{head[:-1]}, "properties": {event["properties"]}}}'
