"""Which plan a subscription is on from when to when: what the checks of a catalog compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from ingestion.catalog.subscription_models import Subscription

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Stretch:
    """A subscription on one plan in [start, end), both in UTC."""

    start: datetime
    end: datetime
    plan_id: str


def local_midnight(day: date | None, zone: str) -> datetime:
    """Return the instant at which a day begins in a zone; the end of time for no day."""
    if day is None or day == date.max:
        return NEVER
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def first_instant(subscription: Subscription, zone: str) -> datetime:
    """Return when a subscription begins."""
    return subscription.starts_at or local_midnight(subscription.starts_on, zone)


def first_local_day(subscription: Subscription, zone: str) -> date:
    """Return the local day on which a subscription begins."""
    return first_instant(subscription, zone).astimezone(ZoneInfo(zone)).date()


def end_instant(subscription: Subscription, zone: str) -> datetime:
    """Return when a subscription ends."""
    return subscription.ends_at or local_midnight(subscription.ends_on, zone)


def last_local_day_after(subscription: Subscription, zone: str) -> date | None:
    """Return the first local day after a subscription, or None where it has no end."""
    end = end_instant(subscription, zone)
    if end == NEVER:
        return None
    local = end.astimezone(ZoneInfo(zone))
    is_midnight = local_midnight(local.date(), zone) == end
    return local.date() if is_midnight else date.fromordinal(local.date().toordinal() + 1)


def stretches(subscription: Subscription, zone: str) -> Iterator[Stretch]:
    """Yield the stretches of a subscription on one plan each, as if no change of plan waited."""
    start, end = first_instant(subscription, zone), end_instant(subscription, zone)
    changes = sorted(
        (change.at or local_midnight(change.on, zone), number, change.plan_id)
        for number, change in enumerate(subscription.changes)
        if change.plan_id is not None
    )
    plan_id = subscription.plan_id
    for at, _, next_plan_id in changes:
        if start < min(at, end):
            yield Stretch(start, min(at, end), plan_id)
        start, plan_id = max(start, at), next_plan_id
    if start < end:
        yield Stretch(start, end, plan_id)
