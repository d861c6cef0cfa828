"""Worked pricing examples from outside the project, as prices and usage of ours.

Each example becomes a price, the usage that is charged, and the amount that is expected.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingestion.catalog.models import Catalog
from tests.oracle.invoicing import next_month
from tests.oracle.measuring import UsageEvent

EXAMPLES_FILE = Path(__file__).parents[3] / "shared" / "oracle" / "pricing_examples.json"
MODELS = {
    "flat_fee": "flat",
    "standard": "per_unit",
    "graduated": "graduated",
    "volume": "volume",
    "package": "package",
    "graduated_percentage": "graduated_percentage",
    "percentage": "percentage",
    "dynamic": "dynamic",
    "count": "per_unit",
    "sum": "per_unit",
    "max": "per_unit",
    "latest": "per_unit",
    "unique_count": "per_unit",
    "weighted_sum": "per_unit",
}
METERS = {
    "count": "count",
    "max": "sum",  # every window is a customer of its own
    "latest": "latest",
    "unique_count": "weighted_sum",  # seats by the share of the month that they are taken
    "weighted_sum": "weighted_sum",
}
PERCENTAGE_TERMS = {
    "rate_percent": "rate_percent",
    "fixed_fee_per_event": "fixed_fee_per_event",
    "per_transaction_min": "minimum_per_event",
    "per_transaction_max": "maximum_per_event",
}
TIERED_MODELS = ("graduated", "volume", "graduated_percentage")
ROUNDINGS = {"ceil": "up", "floor": "down", "half_away_from_zero": "nearest"}
MONTH = date(2026, 9, 1)
OTHERWISE = {
    "credit_note-002": "no payments are kept: what can be credited is what was billed and is not "
    "credited yet",
    "credit_note-003": "a credit note gives back amounts of lines, not unused days",
    "discount-004": "what a fixed discount can't take in a month is not carried over",
    "proration-045": "a period of a week: billing intervals are month, quarter and year",
    "stairstep-048": "one price over several meters, and no open tier: a price has one meter",
    "stairstep-049": "one price over several meters: the highest tier of any of them",
    "unique_count-061": "seats that are taken and freed at once: unique_count counts every value "
    "of the month; a meter of max over the number of seats bills the greatest number",
    "wallet-068": "credits that pay some kinds of lines only: a grant pays the whole invoice",
}
"""Example -> what it asks for that is declared otherwise here (docs/billing/charges.md)."""


@dataclass(frozen=True)
class PricingExample:
    """One example.

    Attributes:
        example_id: Its id.
        currency_code: Its currency.
        price: Fields of a price, its parameters apart.
        parameters: Parameters of the price's one version.
        usages: Events as (time, quantity); those of a usage are charged together, each usage on
            its own, and the amounts added up.
        amount: Expected amount in major units, before anything is taken off.
        is_rounded: Whether the amount is rounded to the currency's minor unit.
        tiers: Expected units and amount of each tier entered, or None where not said.
    """

    example_id: str
    currency_code: str
    price: dict[str, Any]
    parameters: dict[str, Any]
    usages: tuple[tuple[tuple[datetime, Decimal], ...], ...]
    amount: Decimal
    is_rounded: bool
    tiers: tuple[tuple[int, Decimal, Decimal], ...] | None = field(default=None)

    @property
    def month(self) -> date:
        """First day of the month that is billed."""
        times = [at for usage in self.usages for at, _ in usage]
        return times[0].date().replace(day=1) if times else MONTH


def read_examples() -> Iterator[PricingExample]:
    """Yield every example of the models that exist, without rules that come on top of them."""
    for record in json.loads(EXAMPLES_FILE.read_text()):
        is_here = record["model"] in MODELS and record["id"] not in OTHERWISE
        if is_here and not _needs_other_rule(record):
            yield _example_of(record)


def customers_of(example: PricingExample) -> list[str]:
    """Return the customers of an example: one for each usage that is charged on its own."""
    return [f"{example.example_id}.{number}" for number in range(len(example.usages))]


def months_of(examples: Iterable[PricingExample]) -> set[date]:
    """Return the months that the examples bill."""
    return {example.month for example in examples}


def examples_as_catalog(examples: list[PricingExample]) -> tuple[Catalog, list[UsageEvent]]:
    """Return examples as a catalog and usage."""
    entity = {"legal_entity_id": "examples", "legal_entity_name": "Examples", "country_code": "US"}
    meters = [
        {"meter_id": f"example_{kind}", "meter_name": kind, "event_type": f"example_{kind}"}
        | {"aggregation": kind, "unit": "units"}
        for kind in sorted({"sum", *METERS.values()})
    ]
    plans, customers, subscriptions, events = [], [], [], []
    for example in examples:
        price = {"price_id": example.example_id, "label": "Example", **example.price}
        price["versions"] = [{"valid_from": date(2020, 1, 1), **example.parameters}]
        plan = {"plan_id": example.example_id, "plan_name": "Example", "prices": [price]}
        plans.append(plan | {"currency_code": example.currency_code})
        spell = {"starts_on": example.month, "ends_on": next_month(example.month)}
        for customer_id, usage in zip(customers_of(example), example.usages, strict=True):
            known = {"customer_id": customer_id, "customer_name": customer_id, "country_code": "US"}
            customers.append(
                known | {"legal_entity_id": "examples", "currency_code": example.currency_code}
            )
            subscriptions.append(
                {"subscription_id": customer_id, "customer_id": customer_id}
                | {"plan_id": example.example_id, **spell}
            )
            for number, (at, quantity) in enumerate(usage):
                event_type = example.price["meter_id"]
                events.append(UsageEvent(customer_id, f"e{number}", event_type, at, quantity))
    catalog = Catalog.model_validate(
        {"legal_entities": [{**entity, "address": "A", "invoice_number_prefix": "EX"}]}
        | {"meters": meters, "plans": plans, "customers": customers}
        | {"subscriptions": subscriptions}
    )
    return catalog, events


def _needs_other_rule(record: dict[str, Any]) -> bool:
    """Return whether the expected amount depends on a rule that is not of the charge."""
    parameters, given = record["params"], record["input"]
    is_unused = not Decimal(given.get("quantity", "1")) > 0
    return ("minimum_amount" in parameters and is_unused) or "timezone" in parameters


def _example_of(record: dict[str, Any]) -> PricingExample:
    parameters, given, expected = record["params"], record["input"], record["expected"]
    tiers = expected.get("tiers")
    amount = Decimal(expected.get("gross", expected["amount"]))
    if "already_billed" in given:
        amount += Decimal(given["already_billed"])
    rounding = parameters["rounding"]
    return PricingExample(
        example_id=record["id"],
        currency_code=expected.get("currency") or "USD",
        price=_price_of(record),
        parameters=_version_of(record),
        usages=_usages_of(given),
        amount=amount,
        is_rounded=rounding != "none" and rounding["scale"] == 2,
        tiers=None
        if tiers is None
        else tuple((row["tier"], Decimal(row["units"]), Decimal(row["amount"])) for row in tiers),
    )


def _usages_of(given: dict[str, Any]) -> tuple[tuple[tuple[datetime, Decimal], ...], ...]:
    if "window_values" in given:
        return tuple(_at_noon([value]) for value in given["window_values"])
    if "event_amounts" in given:
        return (_at_noon(given["event_amounts"]),)
    if "events" in given:
        return (tuple(_event_of(event) for event in given["events"]),)
    for name in ("quantity", "cumulative_quantity", "aggregated_units", "raw_quantity", "value"):
        if name in given:
            return (_at_noon([given[name]]),)
    return ((),)


def _at_noon(quantities: Iterable[str]) -> tuple[tuple[datetime, Decimal], ...]:
    return tuple(
        (datetime(2026, 9, 15, 12, number, tzinfo=UTC), Decimal(quantity))
        for number, quantity in enumerate(quantities)
    )


def _event_of(event: dict[str, str]) -> tuple[datetime, Decimal]:
    """Return one event: its time, and the number that its kind of example is about."""
    at = event.get("timestamp", f"{event.get('date', '2026-09-15')}T00:00:00Z")
    for name in ("delta", "item_id", "precise_total_amount_cents"):
        if name in event:
            return datetime.fromisoformat(at), Decimal(event[name])
    return datetime.fromisoformat(at), Decimal(1)


def _price_of(record: dict[str, Any]) -> dict[str, Any]:
    charge_model = MODELS[record["model"]]
    price: dict[str, Any] = {"charge_model": charge_model}
    if charge_model != "flat":
        price["meter_id"] = f"example_{METERS.get(record['model'], 'sum')}"
    if charge_model in TIERED_MODELS:
        boundary = record["params"]["boundary"].removeprefix("up_to_")
        charges = record["params"].get("flat_fee_on_zero_usage", True)
        price["tier_boundary"] = boundary
        price["zero_usage_flat_fee"] = "charged" if charges else "not_charged"
    return price


def _version_of(record: dict[str, Any]) -> dict[str, Any]:
    parameters = record["params"]
    match MODELS[record["model"]]:
        case "flat":
            return {"amount": parameters.get("amount", record["input"].get("precise_amount"))}
        case "per_unit":
            return {"unit_price": parameters.get("unit_price", "1"), **_transform_of(parameters)}
        case "dynamic":
            return {"multiplier": parameters.get("multiplier", "0.01")}
        case "package":
            fields = ("package_size", "package_price", "free_units")
            return {name: parameters[name] for name in fields if name in parameters}
        case "percentage":
            return {
                ours: parameters[theirs]
                for theirs, ours in PERCENTAGE_TERMS.items()
                if theirs in parameters
            }
        case _:
            return {"tiers": parameters["tiers"]}


def _transform_of(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return what is done to the quantity; examples of units alone round them, not the amount."""
    found: dict[str, Any] = {}
    if "unit_conversion" in parameters:
        found["divide_by"] = parameters["unit_conversion"]["factor"]
    rounding = parameters["rounding"]
    if "rounding_function" in parameters:
        function, places = parameters["rounding_function"], parameters["rounding_precision"]
    elif rounding != "none" and rounding["scale"] != 2:
        function, places = rounding["mode"], rounding["scale"]
    else:
        return found
    return found | {
        "quantity_rounding": ROUNDINGS[function],
        "quantity_rounding_places": places,
    }
