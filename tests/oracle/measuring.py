"""The reference for aggregations: what the usage of some days comes to, event by event."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from ingestion.catalog.models import Meter

DAY = timedelta(days=1)
STORED = 10**9  # quantities are kept to 9 decimals


@dataclass(frozen=True)
class UsageEvent:
    """One event that was sent; (customer_id, event_id) is its identity."""

    customer_id: str
    event_id: str
    event_type: str
    occurred_at: datetime
    quantity: Decimal = Decimal(1)
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The UTC day on which it happened."""
        return self.occurred_at.astimezone(UTC).date()


def is_measurable(event: UsageEvent, meters: Iterable[Meter]) -> bool:
    """Return whether the event has every property whose values a meter of its type counts."""
    return all(
        event.properties.get(meter.counted_property or "")
        for meter in meters
        if meter.event_type == event.event_type and meter.aggregation == "unique_count"
    )


def measure(meter: Meter, events: list[UsageEvent]) -> Fraction:
    """Return what events come to by a meter's aggregation, weighted_sum apart; zero for none."""
    quantities = sorted(Fraction(event.quantity) for event in events)
    match meter.aggregation:
        case "count":
            return Fraction(len(events))
        case "sum":
            return sum(quantities, Fraction(0))
        case "unique_count":
            name = meter.counted_property or ""
            return Fraction(len({event.properties[name] for event in events}))
    if not events:
        return Fraction(0)
    match meter.aggregation:
        case "max":
            return quantities[-1]
        case "latest":
            last = max(events, key=lambda event: (event.occurred_at, event.event_id.encode()))
            return Fraction(last.quantity)
        case "percentile":
            assert meter.percentile is not None
            rank = -(-meter.percentile * len(quantities) // 100)
            return quantities[rank - 1]
    raise ValueError(meter.aggregation)


def measure_weighted_sum(
    meter: Meter,
    events: list[UsageEvent],
    days: Iterable[date],
    *,
    is_priced: Callable[[date, Mapping[str, str]], bool],
) -> Fraction:
    """Return level by time of some days of one month, in units of the whole month.

    Args:
        meter: The meter.
        events: All its events of the customer, of whatever time; each changes the level.
        days: The days, all of one month.
        is_priced: Whether usage of a day with these dimension values is what is asked for.
    """
    cells: dict[tuple, list[UsageEvent]] = {}
    for event in events:
        known = (name for name in meter.dimensions if name in event.properties)
        values = {name: event.properties[name] for name in known}
        cells.setdefault(tuple(sorted(values.items())), []).append(event)
    total, month = Fraction(0), None
    for day in days:
        month = day
        end = datetime.combine(day + DAY, datetime.min.time(), tzinfo=UTC)
        for values, changes in cells.items():
            if not is_priced(day, dict(values)):
                continue
            for event in changes:
                since = max(event.occurred_at, end - DAY)
                if since < end:
                    total += Fraction(event.quantity) * ((end - since) // timedelta(microseconds=1))
    if month is None:
        return Fraction(0)
    microseconds = calendar.monthrange(month.year, month.month)[1] * 86_400 * 10**6
    return _rounded(total / microseconds)


def _rounded(value: Fraction) -> Fraction:
    """Return a quantity to 9 decimals, half away from zero."""
    scaled = abs(value) * STORED
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    return Fraction(whole if value >= 0 else -whole, STORED)
