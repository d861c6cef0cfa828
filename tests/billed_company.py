"""A small company, landed, built and billed for real: what pages and exports are tested on.

September 2026 is closed for the company's European and Japanese entities, October is a draft, usage
of September arrived late for one customer, and one more load has landed but is not counted yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from ingestion.catalog import load_catalog
from orchestration.closing import close_period
from tests.drafting import LOADS_ONLY, build, land
from warehouse import Warehouse

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
CLOSED_AT = datetime(2026, 10, 6, tzinfo=UTC)
CUSTOMERS = 12
AWKWARD_NAMES = {
    4: '=HYPERLINK("http://example.invalid","pay here")',
    5: 'Ström & "Söhne", Ltd',
    6: "[click](http://example.invalid) **bold** $5$",
}
# 12 customers: 49.00 each, and 1,000 calls each more than the one before: 0.01 a call, above
# 1,000 calls 0.005
SEPTEMBER_EUR_MINOR = 103_800
# 49.00 each; 500 calls each more than the one before; and 1.00 for the late calls of September
OCTOBER_EUR_MINOR = 84_150
ADJUSTMENT_EUR_MINOR = 100
SEPTEMBER_JPY_MINOR = 300


def entity(entity_id: str, prefix: str) -> dict[str, object]:
    return {
        "legal_entity_id": entity_id,
        "legal_entity_name": f"Norrsken {prefix}",
        "country_code": "SE",
        "address": "1 Example Street",
        "invoice_number_prefix": prefix,
    }


def customer(customer_id: str, name: str, entity_id: str, currency: str) -> dict[str, object]:
    return {
        "customer_id": customer_id,
        "customer_name": name,
        "legal_entity_id": entity_id,
        "country_code": "SE",
        "currency_code": currency,
    }


def catalog() -> dict[str, object]:
    """Returns the company's catalog."""
    europeans = [
        customer(f"c{n:02}", AWKWARD_NAMES.get(n, f"Customer {n}"), "north_eu", "EUR")
        for n in range(1, CUSTOMERS + 1)
    ]
    others = [
        customer("j01", "Yamanote Line", "north_jp", "JPY"),
        customer("u01", "Hudson Line", "north_us", "USD"),
    ]
    calls = {"meter_id": "calls", "event_type": "api.call"}
    tiers = [{"up_to": 1000, "unit_price": "0.01"}, {"unit_price": "0.005"}]
    return {
        "legal_entities": [
            entity("north_eu", "NEU"),
            entity("north_jp", "NJP"),
            entity("north_us", "NUS"),
        ],
        "meters": [
            {
                **calls,
                "meter_name": "API calls",
                "aggregation": "sum",
                "unit": "calls",
                "dimensions": ["model"],
            },
            {
                "meter_id": "seats",
                "meter_name": "Seats",
                "event_type": "seat.level",
                "aggregation": "max",
                "unit": "seats",
            },
        ],
        "plans": [
            plan("eur", "EUR", flat_price("base", "49.00"), calls_price("graduated", tiers=tiers)),
            plan("jpy", "JPY", calls_price("per_unit", unit_price="3")),
            plan("usd", "USD", flat_price("usd_base", "100.00")),
        ],
        "customers": [*europeans, *others],
        # the Japanese entity's 300 yen, with 30 of tax that a credit pays
        "tax_rates": [
            {"legal_entity_id": "north_jp", "country_code": "SE", "rate_percent": "10"}
            | {"valid_from": "2026-01-01"}
        ],
        "credit_grants": [
            {"grant_id": "welcome", "customer_id": "j01", "label": "Welcome", "amount": "30"}
            | {"granted_on": "2026-09-01"}
        ],
        "subscriptions": [
            {
                "subscription_id": f"sub_{member['customer_id']}",
                "customer_id": member["customer_id"],
                "plan_id": f"{str(member['currency_code']).lower()}_plan",
                "starts_on": "2026-09-01",
            }
            for member in (*europeans, *others)
        ],
    }


def plan(name: str, currency: str, *prices: dict[str, object]) -> dict[str, object]:
    return {
        "plan_id": f"{name}_plan",
        "plan_name": f"Plan {currency}",
        "currency_code": currency,
        "prices": list(prices),
    }


def flat_price(price_id: str, amount: str) -> dict[str, object]:
    version = {"valid_from": "2026-01-01", "amount": amount}
    return {
        "price_id": price_id,
        "label": "Base fee",
        "charge_model": "flat",
        "versions": [version],
    }


def calls_price(model: str, **version: object) -> dict[str, object]:
    return {
        "price_id": f"calls_{model}",
        "label": "API calls",
        "charge_model": model,
        "meter_id": "calls",
        "versions": [{"valid_from": "2026-01-01", **version}],
    }


def event(event_id: str, customer_id: str, at: str, quantity: object, **more: object) -> str:
    line = {
        "event_id": event_id,
        "customer_id": customer_id,
        "event_type": "api.call",
        "occurred_at": at,
        "quantity": str(quantity),
        "properties": {"model": "large" if customer_id < "c07" else "small"},
    }
    return json.dumps({**line, **more})


def first_usage() -> Iterator[str]:
    for n in range(1, CUSTOMERS + 1):
        yield event(f"sep-{n}", f"c{n:02}", "2026-09-10T12:00:00Z", 1000 * n)
        yield event(f"oct-{n}", f"c{n:02}", "2026-10-10T12:00:00Z", 500 * n)
    yield event("jpy-1", "j01", "2026-09-11T00:00:00Z", 100)
    for day, level in (("10", "3"), ("11", "7.5"), ("12", "5")):
        seats = {"event_type": "seat.level", "properties": {}}
        yield event(f"seat-{day}", "c01", f"2026-10-{day}T09:00:00Z", level, **seats)
    yield event("sep-1", "c01", "2026-09-10T12:00:00Z", 1000)
    yield event("sep-2", "c02", "2026-09-10T12:00:00Z", 1)
    yield event("lost-1", "nobody", "2026-09-10T12:00:00Z", 1)
    yield '{"event_id": "cut off'


def write_lines(path: Path, lines: Iterator[str] | list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def bill_company(warehouse: Warehouse, folder: Path) -> Warehouse:
    """Lands, builds and closes the company in a warehouse that has all views and no data."""
    (folder / "catalog").mkdir()
    (folder / "catalog" / "catalog.yaml").write_text(json.dumps(catalog()))
    load_catalog(warehouse, folder / "catalog")
    land(warehouse, [write_lines(folder / "first.jsonl", first_usage())])
    build(warehouse, LOADS_ONLY)
    for entity_id in ("north_eu", "north_jp"):
        close_period(
            warehouse, legal_entity_id=entity_id, period_start=SEPTEMBER, closed_at=CLOSED_AT
        )
    late = event("late-1", "c03", "2026-09-30T23:59:59Z", 200)
    land(warehouse, [write_lines(folder / "late.jsonl", [late])])
    build(warehouse, LOADS_ONLY)
    waiting = event("waiting-1", "c03", "2026-10-20T00:00:00Z", 1)
    land(warehouse, [write_lines(folder / "waiting.jsonl", [waiting])])
    return warehouse
