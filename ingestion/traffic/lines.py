"""Lines of made-up traffic: the same seed and start give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ingestion.generator import FAULTS, draw_events
from ingestion.generator_lines import Deliveries, write_lines
from warehouse.errors import MeterhouseError

_BLOCK = 50_000
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class TrafficPlan:
    """What is sent.

    Attributes:
        customers: Ids of the customers of the catalog.
        seed: Seed of all that is random.
        start: When the first event occurs; the others follow at the rate.
        rate: Deliveries a second.
        duplicate_percent: Deliveries in 100 that are an earlier event once more, byte for byte.
        faulty_percent: Deliveries in 100 that are no event.
    """

    customers: Sequence[str]
    seed: int
    start: datetime
    rate: int
    duplicate_percent: int = 0
    faulty_percent: int = 0

    def __post_init__(self) -> None:
        if not self.customers:
            raise MeterhouseError("Traffic needs a customer.", remedy="name a catalog that has one")
        if self.duplicate_percent + self.faulty_percent >= 100:
            raise MeterhouseError(
                "Duplicates and faulty deliveries together must be less than 100 %.",
                remedy="choose smaller shares",
            )


@dataclass(frozen=True)
class TrafficLines:
    """Some deliveries in a row.

    Attributes:
        lines: Native lines.
        duplicate_count: How many of them were sent before.
        faulty_count: How many of them are no event.
    """

    lines: list[bytes]
    duplicate_count: int
    faulty_count: int


def make_traffic(plan: TrafficPlan, *, count: int, batch: int) -> Iterator[TrafficLines]:
    """Makes deliveries, batch by batch.

    Of every 100 deliveries in a row exactly so many are duplicates and so many are faulty as the
    plan says. Another seed, or another start, makes other events.

    Args:
        plan: What is sent.
        count: Deliveries in all.
        batch: Deliveries in a batch; the last one may have fewer.

    Yields:
        The batches.
    """
    kinds = _kinds(plan)
    held: list[bytes] = []
    position = 0
    for block in range(-(-count // _BLOCK)):
        held += _make_block(plan, block)[: count - block * _BLOCK]
        is_last = (block + 1) * _BLOCK >= count
        while len(held) >= batch or (held and is_last):
            lines, held = held[:batch], held[batch:]
            chosen = kinds[np.arange(position, position + len(lines)) % 100]
            yield TrafficLines(lines, int((chosen == 1).sum()), int((chosen == 2).sum()))
            position += len(lines)


def _kinds(plan: TrafficPlan) -> np.ndarray:
    """Says of each place among 100: 0 a new event, 1 a duplicate, 2 faulty; the first is new."""
    kinds = np.zeros(100, dtype=np.int64)
    places = 1 + np.random.default_rng(plan.seed).permutation(99)
    kinds[places[: plan.duplicate_percent]] = 1
    kinds[places[plan.duplicate_percent :][: plan.faulty_percent]] = 2
    return kinds


def _make_block(plan: TrafficPlan, block: int) -> list[bytes]:
    start_ms = int(plan.start.timestamp()) * 1000
    rng = np.random.default_rng([plan.seed, block])
    drawn, _ = draw_events(
        rng, events=_BLOCK, customer_count=len(plan.customers), start_ms=0, end_ms=_DAY_MS
    )
    kinds = np.tile(_kinds(plan), _BLOCK // 100)
    places = block * _BLOCK + np.arange(_BLOCK)
    # ids of another seed or start are others: they begin anywhere in 62 bits
    first = int(np.random.default_rng([plan.seed, start_ms]).integers(1 << 62))
    deliveries = replace(
        drawn,
        event_number=first + places,
        occurred_ms=start_ms + places * 1000 // plan.rate,
        fault=np.where(kinds == 2, rng.integers(0, len(FAULTS), _BLOCK), -1),
    )
    return _write(deliveries.take(_repeat(kinds, rng)), plan.customers)


def _repeat(kinds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Chooses for each duplicate an event that came before it, not long ago."""
    rows = np.arange(len(kinds))
    fresh = np.flatnonzero(kinds == 0)
    again = np.flatnonzero(kinds == 1)
    before = np.searchsorted(fresh, again)
    distance = rng.integers(1, 1 + np.minimum(before, 1000))
    rows[again] = fresh[before - distance]
    return rows


def _write(deliveries: Deliveries, customers: Sequence[str]) -> list[bytes]:
    stream = io.BytesIO()
    write_lines(stream, deliveries, customers)
    return stream.getvalue().rstrip(b"\n").split(b"\n")
