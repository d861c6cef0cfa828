"""Worked examples of what is around charges: zones, shares, limits, discounts, taxes, credits.

Each becomes prices and agreements of ours, and what the invoices must come to in major units.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ingestion.catalog.models import SECTIONS, Catalog
from tests.oracle.examples import EXAMPLES_FILE, OTHERWISE, read_examples
from tests.oracle.measuring import UsageEvent

START, END = date(2026, 6, 1), date(2026, 7, 1)
Record = dict[str, Any]


@dataclass(frozen=True)
class Sold:
    """A price, and the days on which it is subscribed to; a flat fee unless it says otherwise."""

    version: dict[str, Any]
    starts_on: date = START
    ends_on: date = END
    price: dict[str, Any] = field(default_factory=lambda: {"charge_model": "flat"})
    plan: dict[str, Any] = field(default_factory=dict)
    subscription: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InvoiceExample:
    """One example.

    Attributes:
        example_id: Its id, and the id of its only customer.
        currency_code: Its currency.
        sold: What the customer is subscribed to.
        amounts: What the invoices come to: by column of the register without `_minor`, by type of
            their lines, or `exact` before rounding, to 9 decimals.
        customer: Fields of the customer.
        tax_percent: The tax on it, if any.
        grants: Prepaid amounts, in the order in which they are used.
        credits_used: What is used of each grant.
        discounts: What is taken off.
        events: Its usage.
    """

    example_id: str
    currency_code: str
    sold: tuple[Sold, ...]
    amounts: dict[str, Decimal]
    customer: dict[str, Any] = field(default_factory=dict)
    tax_percent: str | None = None
    grants: tuple[tuple[str, str], ...] = ()
    credits_used: dict[str, Decimal] = field(default_factory=dict)
    discounts: tuple[dict[str, Any], ...] = ()
    events: tuple[tuple[datetime, Decimal], ...] = ()


def read_invoice_examples() -> list[InvoiceExample]:
    """Return the examples of what is around charges."""
    return [MAKERS[name](record) for name, record in _records().items() if name in MAKERS]


def examples_left_out() -> set[str]:
    """Return the examples that are neither reproduced nor said to be declared otherwise."""
    read = {example.example_id for example in read_examples()}
    return set(_records()) - read - set(MAKERS) - set(OTHERWISE)


def invoice_examples_as_catalog(
    examples: Iterable[InvoiceExample],
) -> tuple[Catalog, list[UsageEvent]]:
    """Return the examples as a catalog, each with a legal entity of its own, and their usage."""
    sections: dict[str, list[dict[str, Any]]] = {name: [] for name in SECTIONS}
    events = []
    for number, example in enumerate(examples):
        for section, rows in _rows_of(example, number).items():
            sections[section] += rows
        kind = next((sold.price.get("meter_id") for sold in example.sold), None)
        events += [
            UsageEvent(example.example_id, f"e{place}", str(kind), at, quantity)
            for place, (at, quantity) in enumerate(example.events)
        ]
    return Catalog.model_validate(sections), events


def _records() -> dict[str, Record]:
    return {record["id"]: record for record in json.loads(EXAMPLES_FILE.read_text())}


def _rows_of(example: InvoiceExample, number: int) -> dict[str, list[dict[str, Any]]]:
    name, currency = example.example_id, {"currency_code": example.currency_code}
    entity = {"legal_entity_id": name, "legal_entity_name": name, "country_code": "US"}
    sold = [(f"{name}.{place}", item) for place, item in enumerate(example.sold)]
    rows: dict[str, list[dict[str, Any]]] = {
        "legal_entities": [{**entity, "address": "A", "invoice_number_prefix": f"E{number}"}],
        "customers": [
            {"customer_id": name, "customer_name": name, "legal_entity_id": name}
            | {"country_code": "US", **currency, **example.customer}
        ],
        "plans": [
            {"plan_id": key, "plan_name": name, **currency, "prices": [_price_of(key, item)]}
            | item.plan
            for key, item in sold
        ],
        "subscriptions": [
            {"subscription_id": key, "customer_id": name, "plan_id": key}
            | {"starts_on": item.starts_on, "ends_on": item.ends_on, **item.subscription}
            for key, item in sold
        ],
        "credit_grants": [
            {"grant_id": f"{name}.{grant}", "customer_id": name, "label": grant, "amount": amount}
            | {"granted_on": START, "priority": place}
            for place, (grant, amount) in enumerate(example.grants)
        ],
    }
    if example.tax_percent is not None:
        rate = {"country_code": "US", "valid_from": date(2020, 1, 1)}
        rows["tax_rates"] = [{"legal_entity_id": name, **rate, "rate_percent": example.tax_percent}]
    if example.discounts:
        rows["discounts"] = [
            {"discount_id": f"{name}.{place}", "customer_id": name, "label": "Off", **discount}
            | {"starts_on": START}
            for place, discount in enumerate(example.discounts)
        ]
    return rows


def _price_of(key: str, item: Sold) -> dict[str, Any]:
    version = {"valid_from": date(2020, 1, 1), **item.version}
    return {"price_id": key, "label": "Example", **item.price, "versions": [version]}


def _fees(record: Record, *sold: Sold, **more: Any) -> InvoiceExample:
    currency = record["params"].get("currency") or "USD"
    amounts = more.pop("amounts", {"subtotal": Decimal(record["expected"]["amount"])})
    return InvoiceExample(record["id"], currency, sold, amounts, **more)


def _fee(amount: str, *days: date | str, **more: Any) -> Sold:
    starts_on, ends_on = days or (START, END)
    return Sold({"amount": amount}, date.fromisoformat(f"{starts_on}"), _day(ends_on), **more)


def _day(value: date | str) -> date:
    return date.fromisoformat(f"{value}"[:10])


def _tax(record: Record) -> InvoiceExample:
    (percent,) = record["params"]["rates_percent"]
    amounts = {"tax": Decimal(record["expected"]["amount"])}
    fee = _fee(record["input"]["base_amount"])
    return _fees(record, fee, amounts=amounts, tax_percent=percent)


def _wallet(record: Record) -> InvoiceExample:
    wallets = record["params"]["wallets_in_priority_order"]
    used = record["expected"]["credits_used"].items()
    return _fees(
        record,
        _fee(record["input"]["invoice_total"]),
        amounts={"total": Decimal(record["expected"]["amount"])},
        grants=tuple((wallet["id"], wallet["balance"]) for wallet in wallets),
        credits_used={f"{record['id']}.{wallet}": Decimal(amount) for wallet, amount in used},
    )


def _share(record: Record) -> InvoiceExample:
    days = (record["input"][f"service_{at}"] for at in ("start", "end_exclusive"))
    return _fees(record, _fee(record["params"]["full_amount"], *days))


def _factor(record: Record) -> InvoiceExample:
    """Return a share of a period that begins in the middle of a month."""
    given = record["input"]
    anchor = {"billing_anchor_day": _day(given["period_start"]).day}
    days = (given["service_start"], given["service_end_exclusive"])
    fee = _fee(record["params"]["full_amount"], *days, subscription=anchor)
    return _fees(record, fee, amounts={"exact": Decimal(record["expected"]["amount"])})


def _change(record: Record) -> InvoiceExample:
    """Return a change in the middle of 30 days; the example's amount is beside the old fee."""
    (removed,), (added,) = (
        record["input"][f"{what}_full_amounts"] for what in ("removed", "added")
    )
    middle = START.replace(day=16)
    amounts = {"subtotal": Decimal(record["expected"]["amount"]) + Decimal(removed)}
    fees = (_fee(removed, START, middle), _fee(added, middle, END))
    return _fees(record, *fees, amounts=amounts)


def _year(record: Record) -> InvoiceExample:
    days = (record["input"]["period_start"], record["input"]["period_end_exclusive"])
    yearly = {"billing_interval": "year"}
    return _fees(record, _fee(record["params"]["full_amount"], *days, plan=yearly))


def _days(record: Record) -> InvoiceExample:
    """Return days of the customer's zone as a fee of 1 a day; both its months have 31 days."""
    days = (record["input"]["start"][:10], record["input"]["end"][:10])
    zone = {"billing_time_zone": record["params"]["timezone"]}
    return _fees(record, _fee("31", *days), customer=zone)


def _count(record: Record) -> InvoiceExample:
    price = {"charge_model": "per_unit", "meter_id": "example_count"}
    times = record["input"]["event_timestamps"]
    return _fees(
        record,
        Sold({"unit_price": "1"}, date(2023, 3, 1), date(2023, 4, 1), price=price),
        customer={"billing_time_zone": record["params"]["timezone"]},
        events=tuple((datetime.fromisoformat(at), Decimal(1)) for at in times),
    )


MAKERS: dict[str, Callable[[Record], InvoiceExample]] = {
    "count-000": _count,
    **dict.fromkeys(("tax-056", "tax-057", "tax-058", "tax-059"), _tax),
    "wallet-069": _wallet,
    "proration-041": _share,
    **dict.fromkeys(("proration-042", "proration-043"), _days),
    "proration-044": _change,
    "proration-046": _factor,
    "proration-047": _year,
}
