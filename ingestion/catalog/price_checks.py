"""What must hold among the prices of a plan, so that each usage has exactly one price."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations, pairwise

from ingestion.catalog.documents import Location
from ingestion.catalog.models import Meter, Plan
from ingestion.catalog.price_models import (
    DynamicPrice,
    FlatPrice,
    PercentagePrice,
    PerUnitPrice,
    PlanPrice,
    PriceVersion,
    TieredPrice,
    UsagePriceBase,
)
from ingestion.catalog.validation import Written
from warehouse.errors import Problem

FOREVER = date.max


def check_prices(
    plan: Written[Plan], meters: dict[str, Meter], known_meters: set[str]
) -> list[Problem]:
    """Return what is wrong with the prices of one plan.

    Args:
        plan: The plan.
        meters: The valid meters by id.
        known_meters: The ids of all meters, valid or not.
    """
    problems: list[Problem] = []
    for index, price in enumerate(plan.model.prices):
        location: Location = ("prices", index)
        problems.extend(_check_meter(plan, price, location, meters, known_meters))
        problems.extend(_check_versions(plan, price, location))
        problems.extend(_check_signs(plan, price, location))
        if isinstance(price, TieredPrice):
            problems.extend(_check_tiers(plan, price, location))
    problems.extend(_check_ties(plan))
    return problems


def _check_meter(
    plan: Written[Plan],
    price: PlanPrice,
    location: Location,
    meters: dict[str, Meter],
    known_meters: set[str],
) -> Iterator[Problem]:
    if isinstance(price, FlatPrice):
        return
    if price.meter_id not in known_meters:
        yield plan.problem(
            (*location, "meter_id"),
            f"meter {price.meter_id!r} is unknown",
            f"declare it under meters, or use one of: {', '.join(sorted(known_meters)) or 'none'}",
        )
    meter = meters.get(price.meter_id)
    if meter is None:
        return
    if isinstance(price, PercentagePrice | DynamicPrice) and meter.aggregation != "sum":
        priced = "a percentage is of an amount"
        if isinstance(price, DynamicPrice):
            priced = "a dynamic price adds up amounts"
        yield plan.problem(
            (*location, "meter_id"),
            f"{priced}, and meter {meter.meter_id!r} is a {meter.aggregation}",
            "use a meter with aggregation: sum over events whose quantity is the amount",
        )
    for dimension in price.filter:
        if dimension not in meter.dimensions:
            yield plan.problem(
                (*location, "filter", dimension),
                f"meter {meter.meter_id!r} has no dimension {dimension!r}",
                f"its dimensions: {', '.join(meter.dimensions) or 'none'}",
            )


def _check_versions(plan: Written[Plan], price: PlanPrice, location: Location) -> Iterator[Problem]:
    ordered = sorted(enumerate(price.versions), key=lambda pair: pair[1].valid_from)
    for (index, earlier), (later_index, later) in pairwise(ordered):
        until = earlier.valid_to or FOREVER
        place = (*location, "versions", index, "valid_to")
        if until > later.valid_from:
            stated = f"until {earlier.valid_to}" if earlier.valid_to else "open-ended"
            later_place = (*location, "versions", later_index, "valid_from")
            yield plan.problem(
                later_place,
                f"price {price.price_id!r} has two versions on {later.valid_from}: "
                f"the one from {earlier.valid_from} is {stated}",
                f"end the earlier one with valid_to: {later.valid_from}",
            )
        elif until < later.valid_from:
            yield plan.problem(
                place,
                f"price {price.price_id!r} has no version in [{until}, {later.valid_from}): "
                "usage would go unpriced",
                f"set valid_to: {later.valid_from}; if the gap is meant, give the later version "
                "a price of its own",
            )


def _check_signs(plan: Written[Plan], price: PlanPrice, location: Location) -> Iterator[Problem]:
    if not isinstance(price, FlatPrice | PerUnitPrice) or price.allow_negative:
        return
    field = "amount" if isinstance(price, FlatPrice) else "unit_price"
    for index, version in enumerate(price.versions):
        if getattr(version, field) < 0:
            yield plan.problem(
                (*location, "versions", index, field),
                f"{getattr(version, field)} is negative",
                "write zero or more, or give the price allow_negative: true if it gives money back",
            )


def _check_tiers(plan: Written[Plan], price: TieredPrice, location: Location) -> Iterator[Problem]:
    for index, version in enumerate(price.versions):
        place: Location = (*location, "versions", index, "tiers")
        if version.tiers[-1].up_to is not None:
            yield plan.problem(
                (*place, len(version.tiers) - 1, "up_to"),
                f"the last tier ends at {version.tiers[-1].up_to}: usage beyond it has no price",
                "add an open tier, one without up_to",
            )
        bound = None
        for number, tier in enumerate(version.tiers[:-1]):
            tier_place = (*place, number, "up_to")
            if tier.up_to is None:
                yield plan.problem(
                    (*place, number), "is open but not the last tier", "give it an up_to"
                )
            elif bound is not None and tier.up_to <= bound:
                yield plan.problem(
                    tier_place, f"{tier.up_to} is not above {bound}", "order tiers by up_to"
                )
            bound = tier.up_to or bound
        last = version.tiers[-1].up_to
        if last is not None and bound is not None and last <= bound:
            place_of_last = (*place, len(version.tiers) - 1, "up_to")
            yield plan.problem(
                place_of_last, f"{last} is not above {bound}", "order tiers by up_to"
            )


def _check_ties(plan: Written[Plan]) -> Iterator[Problem]:
    """Refuse two prices that are equally specific for some usage at some time."""
    usage_prices = [
        (index, price)
        for index, price in enumerate(plan.model.prices)
        if isinstance(price, UsagePriceBase)
    ]
    for (_, first), (index, second) in combinations(usage_prices, 2):
        currencies = {price.currency_code or plan.model.currency_code for price in (first, second)}
        if first.meter_id != second.meter_id or len(currencies) == 2:
            continue
        if not _can_tie(first.filter, second.filter):
            continue
        shared = _shared_days(first.versions, second.versions)
        if shared is None:
            continue
        same = "the same filter" if first.filter == second.filter else "equally specific filters"
        yield plan.problem(
            ("prices", index),
            f"prices {first.price_id!r} and {second.price_id!r} of meter {first.meter_id!r} have "
            f"{same} from {shared}: some usage would match both",
            "end one before the other starts, or add a dimension to one filter",
        )


def _can_tie(first: dict[str, str], second: dict[str, str]) -> bool:
    if len(first) != len(second):
        return False
    return all(second.get(key, value) == value for key, value in first.items())


def _shared_days(first: tuple[PriceVersion, ...], second: tuple[PriceVersion, ...]) -> date | None:
    """Return the first day on which both have a version, or None."""
    starts = [
        max(one.valid_from, other.valid_from)
        for one in first
        for other in second
        if max(one.valid_from, other.valid_from)
        < min(one.valid_to or FOREVER, other.valid_to or FOREVER)
    ]
    return min(starts, default=None)


def priced_meters(plan: Plan) -> dict[str, list[PriceVersion]]:
    """Return the price versions of each meter that a plan prices."""
    versions: dict[str, list[PriceVersion]] = {}
    for price in plan.prices:
        if isinstance(price, UsagePriceBase):
            versions.setdefault(price.meter_id, []).extend(price.versions)
    return versions
