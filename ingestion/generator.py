"""Writes a sample of usage: an LLM API provider's deliveries, skewed and flawed as real ones are.

The same arguments give the same lines. What is planted (redeliveries, late events, faults) is
counted, so that every fate downstream can be checked to the last row.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from ingestion.contracts import Reason
from ingestion.generator_lines import EVENT_TYPES, UNKNOWN_TYPE, Deliveries, write_lines
from warehouse.errors import MeterhouseError
from warehouse.progress import progress

_TYPE_SHARES = (0.40, 0.40, 0.09, 0.03, 0.04, 0.04)
_MEDIAN_MILLI = (900_000, 250_000, 2_000_000, 1_500, 1_000, 45_000)
_SPREADS = (1.3, 1.1, 0.8, 0.5, 0.0, 1.0)
_WEEKDAY_WEIGHTS = (1.0, 1.04, 1.06, 1.05, 0.97, 0.58, 0.52)
_ZIPF_EXPONENT = 1.15
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_MAX_LATE_MS = 21 * _DAY_MS
FAULTS = (
    Reason.MALFORMED_JSON,
    Reason.NOT_A_NUMBER,
    Reason.NOT_A_TIME,
    Reason.MISSING_FIELD,
)


@dataclass(frozen=True)
class SampleReport:
    """What `write_sample_usage` wrote.

    Attributes:
        files: The files, one for each day of arrival, in order.
        received_count: Lines in them: accepted, duplicate and quarantined ones.
        accepted_count: Different proper events of known customers and types.
        duplicate_count: Lines that are an accepted event once more, byte for byte.
        late_count: Accepted events that arrive on a later day than they occurred, on purpose.
        quarantined_by_reason: Lines that must be quarantined, by reason.
        quantity_by_type: Exact sum of the accepted quantities, by event type.
    """

    files: tuple[Path, ...]
    received_count: int
    accepted_count: int
    duplicate_count: int
    late_count: int
    quarantined_by_reason: dict[str, int]
    quantity_by_type: dict[str, Decimal]

    @property
    def quarantined_count(self) -> int:
        """Lines that must be quarantined."""
        return sum(self.quarantined_by_reason.values())


def write_sample_usage(
    directory: Path,
    *,
    customers: Sequence[str],
    events: int = 1_000_000,
    seed: int = 20_260_801,
    first_month: date = date(2026, 8, 1),
    months: int = 3,
) -> SampleReport:
    """Writes daily deliveries, `usage-YYYY-MM-DD.jsonl.gz`, by day of arrival.

    On top of `events` proper events come about 1 % redelivered lines and a few faulty lines, events
    of unknown customers and types, and conflicting ones (same identity, other quantity, arriving
    after the first). About 1 % of the events are late, by hours to three weeks.

    Args:
        directory: Folder for the files; made if need be.
        customers: Ids of the customers of the catalog; a few of them make most of the traffic.
        events: Number of different proper events.
        seed: Seed of all that is random.
        first_month: First day of the first month, UTC.
        months: Number of months in which events occur.

    Returns:
        What was written.

    Raises:
        MeterhouseError: There are no customers, or too few events or months.
    """
    if not customers or events < 100 or months < 1:
        raise MeterhouseError(
            "A sample needs a customer, a month and at least 100 events.",
            remedy="pass more of them",
        )
    rng = np.random.default_rng(seed)
    start_ms, end_ms = _month_span(first_month, months)
    proper, is_late = draw_events(
        rng, events=events, customer_count=len(customers), start_ms=start_ms, end_ms=end_ms
    )
    planted = _plant(rng, proper, customer_count=len(customers))
    deliveries = Deliveries.concatenate([proper, *planted.values()]).in_arrival_order()
    files = _write_days(directory, deliveries, customers)
    few = len(planted["unknown_customer"])
    return SampleReport(
        files=tuple(files),
        received_count=len(deliveries),
        accepted_count=events,
        duplicate_count=len(planted["duplicate"]),
        late_count=int(is_late.sum()),
        quarantined_by_reason={
            "conflicting_duplicate": len(planted["conflicting_duplicate"]),
            "unknown_customer": few,
            "unknown_event_type": len(planted["unknown_event_type"]),
            **{reason.value: len(planted[reason.value]) for reason in FAULTS},
        },
        quantity_by_type=_sum_quantities(proper),
    )


def _month_span(first_month: date, months: int) -> tuple[int, int]:
    """Returns the first millisecond of the months, and the first after them, since 1970."""
    start = datetime(first_month.year, first_month.month, 1, tzinfo=UTC)
    count = first_month.month - 1 + months
    end = datetime(first_month.year + count // 12, count % 12 + 1, 1, tzinfo=UTC)
    return int(start.timestamp()) * 1000, int(end.timestamp()) * 1000


def draw_events(
    rng: np.random.Generator, *, events: int, customer_count: int, start_ms: int, end_ms: int
) -> tuple[Deliveries, np.ndarray]:
    """Draws the proper events, and which of them are late.

    Args:
        rng: Where chance comes from.
        events: Number of events.
        customer_count: Number of customers; a few of them make most of the traffic.
        start_ms: First millisecond in which events occur, since 1970, UTC.
        end_ms: First millisecond behind; at least an hour later.

    Returns:
        The events, numbered from 0, and whether each arrives on a later day.
    """
    occurred_ms = _draw_times(rng, events, start_ms, end_ms)
    weights = 1.0 / np.arange(1, customer_count + 1) ** _ZIPF_EXPONENT
    ranks = rng.permutation(customer_count)
    customer = ranks[rng.choice(customer_count, size=events, p=weights / weights.sum())]
    event_type = rng.choice(len(EVENT_TYPES), size=events, p=_TYPE_SHARES)
    spread = rng.standard_normal(events) * np.take(_SPREADS, event_type)
    milli = (np.take(_MEDIAN_MILLI, event_type) * np.exp(spread)).astype(np.int64)
    is_whole = np.take([not kind.is_decimal for kind in EVENT_TYPES], event_type)
    milli = np.where(is_whole, np.maximum(milli // 1000, 1) * 1000, np.maximum(milli, 1))
    arrived_ms = occurred_ms + rng.integers(200, 90_000, size=events)
    is_late = rng.random(events) < 0.01
    delay = np.exp(rng.uniform(np.log(2 * _HOUR_MS), np.log(_MAX_LATE_MS), size=events))
    next_day_ms = (occurred_ms // _DAY_MS + 1) * _DAY_MS
    late_ms = np.maximum(occurred_ms + delay.astype(np.int64), next_day_ms)
    return Deliveries(
        event_number=np.arange(events, dtype=np.int64),
        customer=customer.astype(np.int64),
        event_type=event_type.astype(np.int64),
        variant=_draw_variants(rng, customer),
        occurred_ms=occurred_ms,
        arrived_ms=np.where(is_late, late_ms, arrived_ms),
        quantity_milli=milli,
        fault=np.full(events, -1, dtype=np.int64),
    ), is_late


def _draw_times(rng: np.random.Generator, events: int, start_ms: int, end_ms: int) -> np.ndarray:
    """Draws times by hour: busy days, quiet nights and weekends, growing over the months."""
    hours = np.arange((end_ms - start_ms) // _HOUR_MS)
    first = datetime.fromtimestamp(start_ms // 1000, tz=UTC).weekday()
    of_day = 1.0 + 0.65 * np.sin((hours % 24 - 8) / 24 * 2 * np.pi)
    of_week = np.take(_WEEKDAY_WEIGHTS, (hours // 24 + first) % 7)
    weights = of_day * of_week * (1.0 + 0.35 * hours / len(hours))
    hour = rng.choice(len(hours), size=events, p=weights / weights.sum())
    return start_ms + hour * _HOUR_MS + rng.integers(0, _HOUR_MS, size=events)


def _draw_variants(rng: np.random.Generator, customer: np.ndarray) -> np.ndarray:
    """Draws model and region as one number: mostly the customer's own, sometimes any."""
    own = rng.integers(0, 9, size=int(customer.max()) + 1)
    is_other = rng.random(len(customer)) < 0.15
    return np.where(is_other, rng.integers(0, 9, size=len(customer)), own[customer])


def _plant(
    rng: np.random.Generator, proper: Deliveries, *, customer_count: int
) -> dict[str, Deliveries]:
    """Makes the deliveries that must not be accepted, by fate or reason."""
    events = len(proper)
    few = max(3, events // 50_000)
    twice = max(1, events // 100)
    chosen = rng.permutation(events)
    again = proper.take(chosen[:twice])
    again.arrived_ms[:] += rng.integers(1, 3 * _DAY_MS, size=twice)
    planted = {"duplicate": again}
    conflicting = proper.take(chosen[twice : twice + few])
    conflicting.quantity_milli[:] += 1000
    conflicting.arrived_ms[:] += rng.integers(1, 2 * _DAY_MS, size=few)
    planted["conflicting_duplicate"] = conflicting
    names = ["unknown_customer", "unknown_event_type", *(reason.value for reason in FAULTS)]
    for kind, name in enumerate(names):
        fresh = proper.take(rng.integers(0, events, size=few))
        fresh.event_number[:] = events + kind * few + np.arange(few)
        if name == "unknown_customer":
            fresh.customer[:] = customer_count + np.arange(few) % 3
        elif name == "unknown_event_type":
            fresh.event_type[:] = UNKNOWN_TYPE
        else:
            fresh.fault[:] = FAULTS.index(Reason(name))
        planted[name] = fresh
    return planted


def _write_days(directory: Path, deliveries: Deliveries, customers: Sequence[str]) -> list[Path]:
    """Writes one file for each day of arrival; a file is there whole or not at all."""
    directory.mkdir(parents=True, exist_ok=True)
    days = deliveries.arrived_ms // _DAY_MS
    edges = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
    files = []
    with progress().task("Writing sample usage", total=len(deliveries), unit="events") as task:
        for first, last in zip(edges, [*edges[1:], len(days)], strict=True):
            day = date(1970, 1, 1) + timedelta(days=int(days[first]))
            path = directory / f"usage-{day.isoformat()}.jsonl.gz"
            part = path.with_suffix(".part")
            with part.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as file:
                write_lines(file, deliveries.take(slice(first, last)), customers)
            part.replace(path)
            files.append(path)
            task.advance(int(last - first))
    return files


def _sum_quantities(proper: Deliveries) -> dict[str, Decimal]:
    return {
        kind.name: Decimal(int(proper.quantity_milli[proper.event_type == number].sum())) / 1000
        for number, kind in enumerate(EVENT_TYPES)
    }
