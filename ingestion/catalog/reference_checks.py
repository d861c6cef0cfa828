"""What must hold among entries: unique ids, references that exist, currencies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from ingestion.catalog.documents import Entry, Location
from ingestion.catalog.models import (
    RECONCILED_AGGREGATIONS,
    SECTIONS,
    Customer,
    Meter,
    Subscription,
)
from ingestion.catalog.validation import Written
from warehouse.errors import Problem

WrittenSections = Mapping[str, list[Written]]


def ids_written(entries: Iterable[Entry]) -> dict[str, set[str]]:
    """Return the ids of every section, also those of entries that are otherwise wrong."""
    ids: dict[str, set[str]] = {section: set() for section in SECTIONS}
    for entry in entries:
        if isinstance(entry.data, dict):
            value = entry.data.get(SECTIONS[entry.section][1])
            if isinstance(value, str):
                ids[entry.section].add(value)
    return ids


def check_unique_ids(written: WrittenSections) -> Iterator[Problem]:
    """Yield a problem for every id that is given twice, prices of all plans included."""
    for section, (_, id_field) in SECTIONS.items():
        if section == "tax_rates":  # these have no id; two for the same overlap
            continue
        first: dict[str, Written] = {}
        for item in written[section]:
            identifier = getattr(item.model, id_field)
            if identifier in first:
                yield _twice(item, (id_field,), identifier, first[identifier], ())
            else:
                first[identifier] = item
    prices: dict[str, tuple[Written, tuple]] = {}
    for plan in written["plans"]:
        for index, price in enumerate(plan.model.prices):
            place = ("prices", index)
            if price.price_id in prices:
                yield _twice(plan, (*place, "price_id"), price.price_id, *prices[price.price_id])
            else:
                prices[price.price_id] = (plan, place)


def _twice(
    item: Written, location: tuple, identifier: str, first: Written, first_location: tuple
) -> Problem:
    line = first.entry.line_at(first_location)
    message = f"{identifier!r} is already given at {first.entry.file}:{line}"
    return item.problem(location, message, "give each its own id")


def check_references(
    written: WrittenSections, ids: dict[str, set[str]], currencies: Mapping[str, int]
) -> Iterator[Problem]:
    """Yield a problem for every reference to nothing and every currency that doesn't fit.

    Args:
        written: The valid entries.
        ids: All ids, of entries that are valid and others.
        currencies: Known currency codes with their exponents.
    """
    for customer in written["customers"]:
        yield from check_reference(customer, "legal_entity_id", "legal_entities", ids)
        yield from _check_currency(customer, currencies)
    for plan in written["plans"]:
        yield from _check_currency(plan, currencies)
        for number, price in enumerate(plan.model.prices):
            if price.currency_code is not None:
                place = ("prices", number, "currency_code")
                yield from _check_code(plan, place, price.currency_code, currencies)
    uncomparable = {
        item.model.meter_id
        for item in written["meters"]
        if item.model.aggregation not in RECONCILED_AGGREGATIONS
    }
    for meter in written["meters"]:
        if meter.model.reconciles_with is not None:
            yield from check_reference(meter, "reconciles_with", "meters", ids)
            if meter.model.reconciles_with == meter.model.meter_id:
                remedy = "name another meter"
                yield meter.problem(("reconciles_with",), "names the meter itself", remedy)
            elif meter.model.reconciles_with in uncomparable:
                remedy = "name a meter that counts, sums or takes the largest"
                yield meter.problem(("reconciles_with",), "can't be compared in buckets", remedy)
    plans = {item.model.plan_id: item.model for item in written["plans"]}
    customers = {item.model.customer_id: item.model for item in written["customers"]}
    for subscription in written["subscriptions"]:
        yield from check_reference(subscription, "customer_id", "customers", ids)
        customer = customers.get(subscription.model.customer_id)
        for place, plan_id in _plans_named(subscription.model):
            # one that is missing from the start parks the customer; everybody else is billed
            if place != ("plan_id",):
                yield from _check_id(subscription, place, plan_id, "plans", ids)
            plan = plans.get(plan_id)
            if plan and customer and customer.currency_code not in plan.currencies:
                yield subscription.problem(
                    place,
                    f"plan {plan.plan_id!r} is in {' and '.join(sorted(plan.currencies))}, but "
                    f"customer {customer.customer_id!r} is billed in {customer.currency_code}",
                    f"use a plan in {customer.currency_code}, or give the plan prices with "
                    f"currency_code: {customer.currency_code}",
                )


def check_time_zones(
    customers: Iterable[Written[Customer]], known: Collection[str] | None
) -> Iterator[Problem]:
    """Yield a problem for every zone that the server, which cuts the periods, has no data of."""
    for customer in customers:
        zone = customer.model.billing_time_zone
        if known is not None and zone not in known:
            message = f"the database server does not know the time zone {zone!r}"
            remedy = "use an older name of the zone, or update the server"
            yield customer.problem(("billing_time_zone",), message, remedy)


def _plans_named(subscription: Subscription) -> Iterator[tuple[Location, str]]:
    yield ("plan_id",), subscription.plan_id
    for number, change in enumerate(subscription.changes):
        if change.plan_id is not None:
            yield ("changes", number, "plan_id"), change.plan_id


def check_reference(
    item: Written, field: str, section: str, ids: dict[str, set[str]]
) -> Iterator[Problem]:
    """Yield a problem when a field names no entry of a section."""
    return _check_id(item, (field,), getattr(item.model, field), section, ids)


def _check_id(
    item: Written, place: Location, value: str, section: str, ids: dict[str, set[str]]
) -> Iterator[Problem]:
    if value not in ids[section]:
        known = sorted(ids[section])
        listed = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
        kind = section.replace("_", " ").removesuffix("s").replace("entitie", "entity")
        remedy = f"declare it under {section}, or use one of: {listed or 'none'}"
        yield item.problem(place, f"{kind} {value!r} is unknown", remedy)


def _check_currency(item: Written, currencies: Mapping[str, int]) -> Iterator[Problem]:
    return _check_code(item, ("currency_code",), item.model.currency_code, currencies)


def _check_code(
    item: Written, place: Location, code: str, currencies: Mapping[str, int]
) -> Iterator[Problem]:
    if code not in currencies:
        remedy = "use a code that dbt_project/seeds/currencies.csv gives a currency_exponent"
        yield item.problem(place, f"currency {code!r} is unknown", remedy)


def check_meters_unchanged(
    meters: Iterable[Written[Meter]], landed: Mapping[str, Meter]
) -> Iterator[Problem]:
    """Yield a problem for every meter that measures something else than it did when landed.

    Args:
        meters: The meters as written now.
        landed: The newest landed definition of every meter that ever was.
    """
    for item in meters:
        known = landed.get(item.model.meter_id)
        if known is None:
            continue
        for field in (
            "event_type",
            "aggregation",
            "dimensions",
            "counted_property",
            "percentile",
        ):
            before, now = getattr(known, field), getattr(item.model, field)
            if before != now and not (field == "dimensions" and set(before) == set(now)):
                shown = ", ".join(before) or "none" if field == "dimensions" else repr(before)
                yield item.problem(
                    (field,),
                    f"meter {known.meter_id!r} was landed with {field} {shown}; "
                    "usage is already aggregated by it",
                    "give the changed meter a new meter_id and leave this one as it was",
                )
