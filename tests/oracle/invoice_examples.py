"""Worked examples of what is around charges: shares of periods, taxes and prepaid credits.

Each becomes fees, rates and grants of ours, and what the invoices must say in major units.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from ingestion.catalog.models import Catalog
from tests.oracle.examples import EXAMPLES_FILE

START, END = date(2026, 6, 1), date(2026, 7, 1)


@dataclass(frozen=True)
class Fee:
    """A flat fee of a month, and the days on which it is subscribed to."""

    amount: str
    starts_on: date = START
    ends_on: date = END


@dataclass(frozen=True)
class InvoiceExample:
    """One example.

    Attributes:
        example_id: Its id, and the id of its only customer.
        currency_code: Its currency.
        fees: What the customer is subscribed to.
        amounts: What the invoices come to, by column of the register without `_minor`.
        tax_percent: The tax on it, if any.
        grants: Prepaid amounts, in the order in which they are used.
        credits_used: What is used of each grant.
    """

    example_id: str
    currency_code: str
    fees: tuple[Fee, ...]
    amounts: dict[str, Decimal]
    tax_percent: str | None = None
    grants: tuple[tuple[str, str], ...] = ()
    credits_used: dict[str, Decimal] = field(default_factory=dict)


def read_invoice_examples() -> list[InvoiceExample]:
    """Return the examples of taxes, credits and shares of a month."""
    records = {record["id"]: record for record in json.loads(EXAMPLES_FILE.read_text())}
    return [make(records[example_id]) for example_id, make in MAKERS.items()]


def months_billed(examples: Iterable[InvoiceExample]) -> set[date]:
    """Return the months that the examples bill."""
    return {fee.starts_on.replace(day=1) for example in examples for fee in example.fees}


def invoice_examples_as_catalog(examples: list[InvoiceExample]) -> Catalog:
    """Return the examples as a catalog, each with a legal entity of its own."""
    sections: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            *("legal_entities", "plans", "customers", "subscriptions", "tax_rates"),
            "credit_grants",
        )
    }
    for number, example in enumerate(examples):
        for section, rows in _rows_of(example, number).items():
            sections[section] += rows
    return Catalog.model_validate({"meters": [], **sections})


def _rows_of(example: InvoiceExample, number: int) -> dict[str, list[dict[str, Any]]]:
    name = example.example_id
    entity = {"legal_entity_id": name, "legal_entity_name": name, "country_code": "US"}
    fees = [(f"{name}.{position}", fee) for position, fee in enumerate(example.fees)]
    rates = [] if example.tax_percent is None else [{"rate_percent": example.tax_percent}]
    return {
        "legal_entities": [{**entity, "address": "A", "invoice_number_prefix": f"E{number}"}],
        "customers": [
            {"customer_id": name, "customer_name": name, "legal_entity_id": name}
            | {"country_code": "US", "currency_code": example.currency_code}
        ],
        "plans": [
            {"plan_id": fee_id, "plan_name": name, "currency_code": example.currency_code}
            | {"prices": [_price_of(fee_id, fee)]}
            for fee_id, fee in fees
        ],
        "subscriptions": [
            {"subscription_id": fee_id, "customer_id": name, "plan_id": fee_id}
            | {"starts_on": fee.starts_on, "ends_on": fee.ends_on}
            for fee_id, fee in fees
        ],
        "tax_rates": [
            {"legal_entity_id": name, "country_code": "US", "valid_from": date(2020, 1, 1), **rate}
            for rate in rates
        ],
        "credit_grants": [
            {"grant_id": f"{name}.{grant}", "customer_id": name, "label": grant, "amount": amount}
            | {"granted_on": START, "priority": position}
            for position, (grant, amount) in enumerate(example.grants)
        ],
    }


def _price_of(fee_id: str, fee: Fee) -> dict[str, Any]:
    version = {"valid_from": date(2020, 1, 1), "amount": fee.amount}
    price = {"price_id": fee_id, "label": "Fee", "charge_model": "flat"}
    return price | {"versions": [version]}


def _tax(record: dict[str, Any]) -> InvoiceExample:
    (percent,) = record["params"]["rates_percent"]
    return InvoiceExample(
        example_id=record["id"],
        currency_code=record["params"]["currency"],
        fees=(Fee(record["input"]["base_amount"]),),
        amounts={"tax": Decimal(record["expected"]["amount"])},
        tax_percent=percent,
    )


def _wallet(record: dict[str, Any]) -> InvoiceExample:
    wallets = record["params"]["wallets_in_priority_order"]
    return InvoiceExample(
        example_id=record["id"],
        currency_code=record["params"]["currency"],
        fees=(Fee(record["input"]["invoice_total"]),),
        amounts={"total": Decimal(record["expected"]["amount"])},
        grants=tuple((wallet["id"], wallet["balance"]) for wallet in wallets),
        credits_used={
            f"{record['id']}.{wallet}": Decimal(used)
            for wallet, used in record["expected"]["credits_used"].items()
        },
    )


def _share(record: dict[str, Any]) -> InvoiceExample:
    starts, ends = (record["input"][f"service_{at}"] for at in ("start", "end_exclusive"))
    spell = (date.fromisoformat(starts), date.fromisoformat(ends))
    return InvoiceExample(
        example_id=record["id"],
        currency_code=record["params"]["currency"],
        fees=(Fee(record["params"]["full_amount"], *spell),),
        amounts={"subtotal": Decimal(record["expected"]["amount"])},
    )


def _change(record: dict[str, Any]) -> InvoiceExample:
    """Return a change in the middle of 30 days; the example's amount is beside the old fee."""
    (removed,), (added,) = (
        record["input"][f"{what}_full_amounts"] for what in ("removed", "added")
    )
    middle = START.replace(day=16)
    return InvoiceExample(
        example_id=record["id"],
        currency_code=record["params"]["currency"],
        fees=(Fee(removed, START, middle), Fee(added, middle, END)),
        amounts={"subtotal": Decimal(record["expected"]["amount"]) + Decimal(removed)},
    )


MAKERS: dict[str, Callable[[dict[str, Any]], InvoiceExample]] = {
    "tax-056": _tax,
    "tax-057": _tax,
    "tax-058": _tax,
    "tax-059": _tax,
    "wallet-069": _wallet,
    "proration-041": _share,
    "proration-044": _change,
}
