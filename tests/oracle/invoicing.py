"""The reference for invoices: events and a catalog in, lines and totals out, in plain loops."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from ingestion.catalog.models import Catalog, Customer, Meter, Plan, Subscription
from ingestion.catalog.price_models import (
    FlatPrice,
    PercentagePrice,
    PlanPrice,
    PriceVersion,
    UsagePriceBase,
)
from tests.oracle.measuring import UsageEvent, is_measurable, measure, measure_weighted_sum
from tests.oracle.rating import TierCharge, rate, to_minor_units

FOREVER = date.max


@dataclass(frozen=True)
class Line:
    """One line: a price applied to a segment of a subscription's month; days are half-open."""

    customer_id: str
    period_start: date
    subscription_id: str
    price_id: str
    valid_from: date
    service_start: date
    service_end: date
    quantity: Fraction
    amount: Fraction
    amount_minor: int
    tiers: tuple[TierCharge, ...]


@dataclass(frozen=True)
class Segment:
    """A stretch of days in which one price version holds for one subscription in one month."""

    subscription: Subscription
    price: PlanPrice
    version: PriceVersion
    start: date
    end: date


def accepted_events(events: Iterable[UsageEvent], catalog: Catalog) -> list[UsageEvent]:
    """Return the events that count: the first of each identity, known and measurable."""
    customers = {customer.customer_id for customer in catalog.customers}
    types = {meter.event_type for meter in catalog.meters}
    first: dict[tuple[str, str], UsageEvent] = {}
    for event in events:
        is_known = event.customer_id in customers and event.event_type in types
        if is_known and is_measurable(event, catalog.meters):
            first.setdefault((event.customer_id, event.event_id), event)
    return list(first.values())


def draft_lines(
    catalog: Catalog,
    events: Iterable[UsageEvent],
    *,
    months: Iterable[date],
    exponents: Mapping[str, int],
) -> list[Line]:
    """Return all invoice lines of the given months.

    Args:
        catalog: What is sold to whom.
        events: Everything that was sent, in order of arrival.
        months: First days of the months to bill.
        exponents: Currency code -> decimal places of its minor unit.
    """
    by_customer: dict[str, list[UsageEvent]] = {}
    for event in accepted_events(events, catalog):
        by_customer.setdefault(event.customer_id, []).append(event)
    plans = {plan.plan_id: plan for plan in catalog.plans}
    meters = {meter.meter_id: meter for meter in catalog.meters}
    customers = {customer.customer_id: customer for customer in catalog.customers}
    modes = {entity.legal_entity_id: entity.rounding_mode for entity in catalog.legal_entities}
    lines = []
    for month in months:
        for subscription in catalog.subscriptions:
            customer = customers[subscription.customer_id]
            plan = plans[subscription.plan_id]
            usage = by_customer.get(customer.customer_id, [])
            for segment in _segments(subscription, plan, month):
                line = _line_of(
                    segment,
                    _quantity_of(segment, plan, meters, usage),
                    _event_amounts(segment, plan, meters, usage),
                    month=month,
                    customer=customer,
                    exponent=exponents[customer.currency_code],
                    rounding_mode=modes[customer.legal_entity_id],
                )
                if line is not None:
                    lines.append(line)
    return lines


def invoice_totals(lines: Iterable[Line]) -> dict[tuple[str, date], int]:
    """Return the total in minor units of each customer and month."""
    totals: dict[tuple[str, date], int] = {}
    for line in lines:
        key = (line.customer_id, line.period_start)
        totals[key] = totals.get(key, 0) + line.amount_minor
    return totals


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _segments(subscription: Subscription, plan: Plan, month: date) -> Iterator[Segment]:
    for price in plan.prices:
        for version in price.versions:
            start = max(month, subscription.starts_on, version.valid_from)
            end = min(
                next_month(month), subscription.ends_on or FOREVER, version.valid_to or FOREVER
            )
            if start < end:
                yield Segment(subscription, price, version, start, end)


def _quantity_of(
    segment: Segment, plan: Plan, meters: Mapping[str, Meter], usage: Iterable[UsageEvent]
) -> Fraction:
    """Return the aggregated quantity of the usage that goes to a segment."""
    if isinstance(segment.price, FlatPrice):
        return Fraction(0)
    meter = meters[segment.price.meter_id]
    if meter.aggregation != "weighted_sum":
        return measure(meter, _events_of(segment, plan, meter, usage))
    events = [event for event in usage if event.event_type == meter.event_type]
    days = [
        segment.start + timedelta(days=number)
        for number in range((segment.end - segment.start).days)
    ]

    def is_priced(day: date, properties: Mapping[str, str]) -> bool:
        return _price_of(day, properties, meter, plan) is segment.price

    return measure_weighted_sum(meter, events, days, is_priced=is_priced)


def _events_of(
    segment: Segment, plan: Plan, meter: Meter, usage: Iterable[UsageEvent]
) -> list[UsageEvent]:
    """Return the events that go to a segment, in the order of their arrival."""
    return [
        event
        for event in usage
        if event.event_type == meter.event_type
        and segment.start <= event.day < segment.end
        and _price_of(event.day, event.properties, meter, plan) is segment.price
    ]


def _event_amounts(
    segment: Segment, plan: Plan, meters: Mapping[str, Meter], usage: Iterable[UsageEvent]
) -> list[Fraction]:
    """Return the amounts of a percentage's events, in the order of time and event id."""
    if not isinstance(segment.price, PercentagePrice):
        return []
    events = _events_of(segment, plan, meters[segment.price.meter_id], usage)
    events.sort(key=lambda event: (event.occurred_at, event.event_id))
    return [Fraction(event.quantity) for event in events]


def _price_of(
    day: date, properties: Mapping[str, str], meter: Meter, plan: Plan
) -> PlanPrice | None:
    """Return the price with the most specific filter that usage of a day meets."""
    best: UsagePriceBase | None = None
    for price in plan.prices:
        if not isinstance(price, UsagePriceBase) or price.meter_id != meter.meter_id:
            continue
        is_valid = any(
            version.valid_from <= day < (version.valid_to or FOREVER) for version in price.versions
        )
        meets = all(properties.get(key) == value for key, value in price.filter.items())
        if is_valid and meets and (best is None or len(price.filter) > len(best.filter)):
            best = price
    return best


def _line_of(
    segment: Segment,
    quantity: Fraction,
    event_amounts: Sequence[Fraction],
    *,
    month: date,
    customer: Customer,
    exponent: int,
    rounding_mode: str,
) -> Line | None:
    days_in_month = calendar.monthrange(month.year, month.month)[1]
    share = Fraction((segment.end - segment.start).days, days_in_month)
    charge = rate(
        segment.price, segment.version, quantity, day_share=share, event_amounts=event_amounts
    )
    if quantity == 0 and charge.amount == 0:
        return None
    return Line(
        customer_id=customer.customer_id,
        period_start=month,
        subscription_id=segment.subscription.subscription_id,
        price_id=segment.price.price_id,
        valid_from=segment.version.valid_from,
        service_start=segment.start,
        service_end=segment.end,
        quantity=quantity,
        amount=charge.amount,
        amount_minor=to_minor_units(charge.amount, exponent=exponent, rounding_mode=rounding_mode),
        tiers=charge.tiers,
    )
