"""Worked pricing examples from outside the project, as prices of ours.

Each example becomes a price, the quantities that are charged, and the amount that is expected.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingestion.catalog.models import Catalog
from tests.oracle.invoicing import UsageEvent

EXAMPLES_FILE = Path(__file__).parents[3] / "shared" / "oracle" / "pricing_examples.json"
MODELS = {
    "flat_fee": "flat",
    "standard": "per_unit",
    "graduated": "graduated",
    "volume": "volume",
    "package": "package",
    "graduated_percentage": "graduated_percentage",
    "percentage": "percentage",
}
PERCENTAGE_TERMS = {
    "rate_percent": "rate_percent",
    "fixed_fee_per_event": "fixed_fee_per_event",
    "per_transaction_min": "minimum_per_event",
    "per_transaction_max": "maximum_per_event",
}
TIERED_MODELS = ("graduated", "volume", "graduated_percentage")
OTHER_RULES = ("minimum_amount", "maximum_amount", "discount")


@dataclass(frozen=True)
class PricingExample:
    """One example.

    Attributes:
        example_id: Its id.
        currency_code: Its currency.
        price: Fields of a price, its parameters apart.
        parameters: Parameters of the price's one version.
        usages: Quantities of events, charged together; each usage on its own, and added up.
        amount: Expected amount in major units, before anything is taken off.
        is_rounded: Whether the amount is rounded to the currency's minor unit.
        tiers: Expected units and amount of each tier entered, or None where not said.
    """

    example_id: str
    currency_code: str
    price: dict[str, Any]
    parameters: dict[str, Any]
    usages: tuple[tuple[Decimal, ...], ...]
    amount: Decimal
    is_rounded: bool
    tiers: tuple[tuple[int, Decimal, Decimal], ...] | None = field(default=None)


def read_examples() -> Iterator[PricingExample]:
    """Yield every example of the models that exist, without rules that come on top of them."""
    for record in json.loads(EXAMPLES_FILE.read_text()):
        if record["model"] in MODELS and not _needs_other_rule(record):
            yield _example_of(record)


def customers_of(example: PricingExample) -> list[str]:
    """Return the customers of an example: one for each usage that is charged on its own."""
    return [f"{example.example_id}.{number}" for number in range(len(example.usages))]


def examples_as_catalog(examples: list[PricingExample]) -> tuple[Catalog, list[UsageEvent]]:
    """Return examples as a catalog and usage of September 2026."""
    entity = {"legal_entity_id": "examples", "legal_entity_name": "Examples", "country_code": "US"}
    meter = {"meter_id": "example", "meter_name": "Example", "event_type": "example"}
    plans, customers, subscriptions, events = [], [], [], []
    for example in examples:
        price = {"price_id": example.example_id, "label": "Example", **example.price}
        if price["charge_model"] != "flat":
            price["meter_id"] = "example"
        price["versions"] = [{"valid_from": date(2026, 1, 1), **example.parameters}]
        plan = {"plan_id": example.example_id, "plan_name": "Example", "prices": [price]}
        plans.append(plan | {"currency_code": example.currency_code})
        for customer_id, usage in zip(customers_of(example), example.usages, strict=True):
            known = {"customer_id": customer_id, "customer_name": customer_id, "country_code": "US"}
            customers.append(
                known | {"legal_entity_id": "examples", "currency_code": example.currency_code}
            )
            spell = {"starts_on": date(2026, 9, 1), "ends_on": date(2026, 10, 1)}
            subscriptions.append(
                {"subscription_id": customer_id, "customer_id": customer_id}
                | {"plan_id": example.example_id, **spell}
            )
            for number, quantity in enumerate(usage):
                at = datetime(2026, 9, 15, 12, number, tzinfo=UTC)
                events.append(UsageEvent(customer_id, f"e{number}", "example", at, quantity))
    catalog = Catalog.model_validate(
        {"legal_entities": [{**entity, "address": "A", "invoice_number_prefix": "EX"}]}
        | {"meters": [{**meter, "aggregation": "sum", "unit": "units"}], "plans": plans}
        | {"customers": customers, "subscriptions": subscriptions}
    )
    return catalog, events


def _needs_other_rule(record: dict[str, Any]) -> bool:
    """Return whether the expected amount depends on a minimum spend (a later charge)."""
    return "minimum_amount" in record["params"] and not Decimal(
        record["input"]["quantity"]
    ) > Decimal(0)


def _example_of(record: dict[str, Any]) -> PricingExample:
    parameters, given, expected = record["params"], record["input"], record["expected"]
    tiers = expected.get("tiers")
    amount = Decimal(expected.get("gross", expected["amount"]))
    if "already_billed" in given:
        amount += Decimal(given["already_billed"])
    return PricingExample(
        example_id=record["id"],
        currency_code=parameters["currency"],
        price=_price_of(record),
        parameters=_version_of(record),
        usages=_usages_of(given),
        amount=amount,
        is_rounded=parameters["rounding"] != "none",
        tiers=None
        if tiers is None
        else tuple((row["tier"], Decimal(row["units"]), Decimal(row["amount"])) for row in tiers),
    )


def _usages_of(given: dict[str, Any]) -> tuple[tuple[Decimal, ...], ...]:
    if "window_values" in given:
        return tuple((Decimal(value),) for value in given["window_values"])
    if "event_amounts" in given:
        return (tuple(Decimal(value) for value in given["event_amounts"]),)
    return ((Decimal(given.get("quantity", given.get("cumulative_quantity", "0"))),),)


def _price_of(record: dict[str, Any]) -> dict[str, Any]:
    charge_model = MODELS[record["model"]]
    price: dict[str, Any] = {"charge_model": charge_model}
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
            return {"unit_price": parameters["unit_price"]}
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
