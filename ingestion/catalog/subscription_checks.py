"""What must hold among the subscriptions of a customer, so that each usage is billed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ingestion.catalog.models import Customer, Plan
from ingestion.catalog.price_checks import priced_meters
from ingestion.catalog.subscription_models import Subscription
from ingestion.catalog.timelines import (
    Stretch,
    end_instant,
    first_instant,
    local_midnight,
    stretches,
)
from ingestion.catalog.validation import Written
from warehouse.errors import Problem


@dataclass(frozen=True)
class Timed:
    """A subscription with the instants of its plans, in the zone of its customer."""

    written: Written[Subscription]
    zone: str
    start: datetime
    end: datetime
    stretches: tuple[Stretch, ...]


def check_subscriptions(written: Mapping[str, list[Written]]) -> Iterator[Problem]:
    """Yield a problem where two subscriptions of a customer would bill the same usage."""
    plans = {item.model.plan_id: item.model for item in written["plans"]}
    customers = {item.model.customer_id: item.model for item in written["customers"]}
    by_customer: dict[str, list[Timed]] = {}
    for item in written["subscriptions"]:
        timed = _timed(item, customers)
        yield from _check_times(timed)
        by_customer.setdefault(item.model.customer_id, []).append(timed)
    for items in by_customer.values():
        items.sort(key=lambda item: (item.start, item.end))
        for position, later in enumerate(items):
            for earlier in items[:position]:
                if later.start < earlier.end:
                    yield from _check_pair(earlier, later, plans)


def _timed(item: Written[Subscription], customers: Mapping[str, Customer]) -> Timed:
    customer = customers.get(item.model.customer_id)
    zone = customer.billing_time_zone if customer else "UTC"
    return Timed(
        written=item,
        zone=zone,
        start=first_instant(item.model, zone),
        end=end_instant(item.model, zone),
        stretches=tuple(stretches(item.model, zone)),
    )


def _check_times(timed: Timed) -> Iterator[Problem]:
    item, subscription = timed.written, timed.written.model
    if timed.end <= timed.start:
        field = "ends_at" if subscription.ends_at else "ends_on"
        yield item.problem((field,), "is not after the start", "end it later than it starts")
    for number, change in enumerate(subscription.changes):
        at = change.at or local_midnight(change.on, timed.zone)
        if at < timed.start:
            place = ("changes", number, "at" if change.at else "on")
            remedy = "change what the subscription begins with instead"
            yield item.problem(place, "is before the subscription begins", remedy)


def _check_pair(earlier: Timed, later: Timed, plans: dict[str, Plan]) -> Iterator[Problem]:
    first, second = earlier.written.model, later.written.model
    where = f"{earlier.written.entry.file}:{earlier.written.entry.line_at(())}"
    field = "starts_on" if second.starts_on else "starts_at"
    start = getattr(second, field)
    ending = field.replace("starts", "ends")
    remedy = f"end {first.subscription_id!r} with {ending}: {start}, or start later"
    for one, other in _overlaps(earlier, later):
        if one.plan_id == other.plan_id:
            message = (
                f"customer {first.customer_id!r} is already on plan {one.plan_id!r} then, by "
                f"subscription {first.subscription_id!r} ({where})"
            )
            yield later.written.problem((field,), message, remedy)
        elif one.plan_id in plans and other.plan_id in plans:
            for meter_id in _meters_billed_twice(
                plans[one.plan_id], plans[other.plan_id], one, other, later.zone
            ):
                message = (
                    f"meter {meter_id!r} would be billed twice: subscription "
                    f"{first.subscription_id!r} ({where}) prices it at the same time"
                )
                yield later.written.problem((field,), message, remedy)


def _overlaps(earlier: Timed, later: Timed) -> Iterator[tuple[Stretch, Stretch]]:
    """Yield the first overlap of each pair of plans that are held at the same time."""
    seen: set[tuple[str, str]] = set()
    for one in earlier.stretches:
        for other in later.stretches:
            pair = (one.plan_id, other.plan_id)
            if pair not in seen and max(one.start, other.start) < min(one.end, other.end):
                seen.add(pair)
                yield one, other


def _meters_billed_twice(
    first: Plan, second: Plan, one: Stretch, other: Stretch, zone: str
) -> Iterator[str]:
    start, end = max(one.start, other.start), min(one.end, other.end)
    versions_of_second = priced_meters(second)
    for meter_id, versions in priced_meters(first).items():
        if any(
            max(
                start,
                local_midnight(version.valid_from, zone),
                local_midnight(rival.valid_from, zone),
            )
            < min(end, local_midnight(version.valid_to, zone), local_midnight(rival.valid_to, zone))
            for version in versions
            for rival in versions_of_second.get(meter_id, [])
        ):
            yield meter_id
