"""Random contracts and usage from a seed: awkward on purpose, the same again for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ingestion.catalog.models import Catalog
from tests.oracle.invoicing import UsageEvent

FIRST_DAY, LAST_DAY = date(2026, 7, 1), date(2026, 10, 1)
MONTHS = tuple(date(2026, month, 1) for month in range(5, 10))
CURRENCIES = ("USD", "JPY", "KWD")
MODELS, REGIONS = ("small", "large", "other"), ("eu", "us")
USERS = ("ann", "bob", "1", "1.0", "A", "a", "ä", "long" * 60, "long" * 60 + "er")
FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"model": "small"},
    {"model": "large"},
    {"model": "small", "region": "eu"},
    {"model": "large", "region": "us"},
)
TIERED_MODELS = ("graduated", "volume", "stairstep", "graduated_percentage")
CHARGE_MODELS = ("per_unit", "package", *TIERED_MODELS)
AMOUNT_MODELS = (*("percentage",) * 12, *("dynamic",) * 3)  # of sums only, so more often of those
ROUNDINGS = ("none", "none", "up", "down", "nearest")
METERS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("sums", "sum", "work", {}),
    ("counts", "count", "work", {}),
    ("peaks", "max", "level", {}),
    ("lasts", "latest", "level", {}),
    ("users", "unique_count", "visit", {"counted_property": "user"}),
    ("ranks", "percentile", "work", {"percentile": 95}),
    ("middles", "percentile", "visit", {"percentile": 50}),
    ("stocks", "weighted_sum", "change", {}),
)
EVENT_TYPES = ("work", "work", "level", "visit", "change")


def random_catalog(seed: int, *, customers: int) -> Catalog:
    """Return a catalog in which every customer has a plan of its own.

    Args:
        seed: Where the random numbers start.
        customers: How many customers, each with one to three subscriptions.
    """
    rng = random.Random(seed)
    entities = [
        {"legal_entity_id": mode, "legal_entity_name": mode, "country_code": "US", "address": "A"}
        | {"invoice_number_prefix": prefix, "rounding_mode": mode}
        for prefix, mode in (("AWAY", "half_away_from_zero"), ("EVEN", "half_even"))
    ]
    meters = [
        {"meter_id": meter_id, "meter_name": meter_id, "event_type": event_type, "unit": "units"}
        | {"aggregation": aggregation, "dimensions": ["model", "region"], **parameters}
        for meter_id, aggregation, event_type, parameters in METERS
    ]
    plans, people, subscriptions = [], [], []
    for number in range(customers):
        customer_id, currency = f"c{number:04d}", rng.choice(CURRENCIES)
        people.append(
            {"customer_id": customer_id, "customer_name": customer_id, "country_code": "US"}
            | {
                "currency_code": currency,
                "legal_entity_id": rng.choice(entities)["legal_entity_id"],
            }
        )
        for part, (starts_on, ends_on) in enumerate(_stretches(rng)):
            plan_id = f"{customer_id}_{part}"
            plans.append(
                {"plan_id": plan_id, "plan_name": plan_id, "currency_code": currency}
                | {"prices": list(_prices(rng, plan_id))}
            )
            subscriptions.append(
                {"subscription_id": f"s_{plan_id}", "customer_id": customer_id}
                | {"plan_id": plan_id, "starts_on": starts_on, "ends_on": ends_on}
            )
    return Catalog.model_validate(
        {"legal_entities": entities, "meters": meters, "plans": plans}
        | {"customers": people, "subscriptions": subscriptions}
    )


def random_events(seed: int, catalog: Catalog, *, per_customer: int) -> list[UsageEvent]:
    """Return usage of all customers, much of it on the edges of days, tiers and packages."""
    rng = random.Random(seed)
    edges = _edges_by_customer(catalog)
    events = []
    for customer in catalog.customers:
        for number in range(rng.randint(0, per_customer)):
            event_type = rng.choice(EVENT_TYPES)
            quantity, properties = _quantity(rng, edges[customer.customer_id]), _properties(rng)
            if event_type in ("change", "work"):
                quantity *= rng.choice((1, 1, -1) if event_type == "change" else (1, 1, 1, 1, -1))
            if event_type == "visit":
                properties["user"] = rng.choice(USERS)
            events.append(
                UsageEvent(
                    customer_id=customer.customer_id,
                    event_id=f"e{number}",
                    event_type=event_type,
                    occurred_at=_instant(rng),
                    quantity=quantity,
                    properties=properties,
                )
            )
    return events


def _stretches(rng: random.Random) -> Iterator[tuple[date, date | None]]:
    """Yield the times of one to three subscriptions that follow each other, now and then apart."""
    start = rng.choice((FIRST_DAY, FIRST_DAY, FIRST_DAY - timedelta(days=40), _day(rng)))
    for part in range(rng.choice((1, 1, 1, 2, 3))):
        length = timedelta(days=rng.choice((1, 9, 31, 40, 62)))
        is_last = part == 2 or rng.random() < 0.4
        yield start, None if is_last else start + length
        if is_last:
            return
        start += length + timedelta(days=rng.choice((0, 0, 0, 5)))


def _prices(rng: random.Random, plan_id: str) -> Iterator[dict[str, Any]]:
    if rng.random() < 0.4:
        versions = [{**span, "amount": _money(rng)} for span in _spans(rng)]
        yield {"price_id": f"{plan_id}_fee", "label": "Fee", "charge_model": "flat"} | {
            "versions": versions
        }
    for meter_id, aggregation, *_ in METERS:
        chosen = rng.sample(FILTERS, rng.choice((0, 0, 1, 2, 3)))
        for position, conditions in enumerate(chosen):
            charge_model = rng.choice(
                (*CHARGE_MODELS, *AMOUNT_MODELS) if aggregation == "sum" else CHARGE_MODELS
            )
            price = {
                "price_id": f"{plan_id}_{meter_id}_{position}",
                "label": "Usage",
                "meter_id": meter_id,
                "charge_model": charge_model,
                "filter": conditions,
                "versions": [{**span, **_parameters(rng, charge_model)} for span in _spans(rng)],
            }
            if charge_model in ("dynamic", "per_unit"):
                price["allow_negative"] = rng.random() < 0.5
            if charge_model in TIERED_MODELS:
                price["tier_boundary"] = rng.choice(("inclusive", "exclusive"))
                price["zero_usage_flat_fee"] = rng.choice(("charged", "not_charged"))
            yield price


def _spans(rng: random.Random) -> list[dict[str, date | None]]:
    """Return the times of one or two versions of a price, without a gap between them."""
    start = date(2026, 1, 1) if rng.random() < 0.9 else _day(rng)
    if rng.random() < 0.6:
        return [{"valid_from": start, "valid_to": None if rng.random() < 0.9 else LAST_DAY}]
    change = max(start + timedelta(days=1), rng.choice((_day(rng), date(2026, 8, 1))))
    return [{"valid_from": start, "valid_to": change}, {"valid_from": change, "valid_to": None}]


def _parameters(rng: random.Random, charge_model: str) -> dict[str, Any]:
    if charge_model == "percentage":
        return _percentage(rng)
    if charge_model == "dynamic":
        return {"multiplier": rng.choice((Decimal(1), Decimal("0.01"), Decimal("1.33333")))}
    return {**_transform(rng), **_usage_parameters(rng, charge_model)}


def _transform(rng: random.Random) -> dict[str, Any]:
    free_units = rng.choice((Decimal(0), Decimal(10), Decimal("2.5")))
    if rng.random() < 0.6:
        return {"free_units": free_units}
    rounding = rng.choice(ROUNDINGS)
    return {
        "divide_by": rng.choice((None, Decimal(3), Decimal("0.7"), Decimal(10), Decimal("0.001"))),
        "quantity_rounding": rounding,
        "quantity_rounding_places": 0 if rounding == "none" else rng.choice((0, 0, 1, -1, 9)),
        "free_units": free_units,
    }


def _usage_parameters(rng: random.Random, charge_model: str) -> dict[str, Any]:
    if charge_model == "per_unit":
        return {"unit_price": _money(rng)}
    if charge_model == "package":
        size = rng.choice((Decimal(1), Decimal(10), Decimal("0.3"), Decimal(7)))
        return {"package_size": size, "package_price": _money(rng)}
    bounds = sorted(
        rng.sample(("1", "5", "10", "10.5", "20", "33.333333333"), rng.randint(0, 3)), key=Decimal
    )
    tiers = [{"up_to": Decimal(bound)} for bound in bounds] + [{"up_to": None}]
    fees = (Decimal(0), Decimal(0), Decimal("2.005"), Decimal(1))
    if charge_model == "stairstep":
        return {"tiers": [{**tier, "price": _money(rng)} for tier in tiers]}
    field = "rate_percent" if charge_model == "graduated_percentage" else "unit_price"
    return {
        "tiers": [
            {**tier, field: _rate(rng) if field == "rate_percent" else _money(rng)}
            | {"flat_fee": rng.choice(fees)}
            for tier in tiers
        ]
    }


def _percentage(rng: random.Random) -> dict[str, Any]:
    minimum = rng.choice((None, Decimal(0), Decimal("0.35"), Decimal(2)))
    return {
        "rate_percent": _rate(rng),
        "fixed_fee_per_event": rng.choice((Decimal(0), Decimal("0.25"), Decimal("0.005"))),
        "free_events": rng.choice((None, None, 0, 1, 2, 5)),
        "free_amount": rng.choice((None, None, Decimal(0), Decimal(10), Decimal("33.333333333"))),
        "minimum_per_event": minimum,
        "maximum_per_event": rng.choice((None, Decimal(2), Decimal("2.5"))),
    }


def _rate(rng: random.Random) -> Decimal:
    texts = ("0", "2.9", "100", "0.0000000001", "12.3456789012")
    return rng.choice((Decimal(rng.choice(texts)), Decimal(rng.randint(0, 10**5)).scaleb(-3)))


def _money(rng: random.Random) -> Decimal:
    texts = ("0", "1", "0.5", "0.005", "0.0005", "9.99", "0.005000000005", "0.000000000001", "0.1")
    return rng.choice((Decimal(rng.choice(texts)), Decimal(rng.randint(0, 10**7)).scaleb(-4)))


def _edges_by_customer(catalog: Catalog) -> dict[str, list[Decimal]]:
    plans = {plan.plan_id: plan for plan in catalog.plans}
    edges: dict[str, list[Decimal]] = {}
    for subscription in catalog.subscriptions:
        known = edges.setdefault(subscription.customer_id, [Decimal(1)])
        for price in plans[subscription.plan_id].prices:
            for version in price.versions:
                known += [tier.up_to for tier in getattr(version, "tiers", ()) if tier.up_to]
                known += [
                    getattr(version, name, Decimal(0)) for name in ("free_units", "package_size")
                ]
    return edges


def _quantity(rng: random.Random, edges: list[Decimal]) -> Decimal:
    step = rng.choice((Decimal(0), Decimal(0), Decimal("0.000000001"), Decimal("-0.000000001")))
    on_edge = rng.choice(edges) + step
    anywhere = Decimal(rng.randint(0, 50 * 10**9)).scaleb(-9)
    return max(rng.choice((on_edge, on_edge, anywhere, Decimal("0.999999999"))), Decimal(0))


def _day(rng: random.Random) -> date:
    return FIRST_DAY + timedelta(days=rng.randrange((LAST_DAY - FIRST_DAY).days))


def _instant(rng: random.Random) -> datetime:
    midnight = datetime.combine(_day(rng), datetime.min.time(), tzinfo=UTC)
    edges = (timedelta(0), timedelta(days=1) - timedelta(microseconds=1))
    return midnight + rng.choice((*edges, timedelta(seconds=rng.randrange(86_400))))


def _properties(rng: random.Random) -> dict[str, str]:
    chosen = {"model": rng.choice((*MODELS, "")), "region": rng.choice((*REGIONS, ""))}
    return {name: value for name, value in chosen.items() if value}
