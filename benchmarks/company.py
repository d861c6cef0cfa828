"""A company of any size to be billed: two plans of five prices, of all kinds, and its customers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from warehouse import Warehouse

ENTITY = "acme"
PRICES_OF_A_PLAN = 5
TIERS = [
    {"up_to": 1000, "unit_price": "0.01"},
    {"up_to": 10000, "unit_price": "0.008", "flat_fee": "5.00"},
    {"unit_price": "0.005"},
]
RATES = [{"up_to": 500, "rate_percent": "2.9"}, {"rate_percent": "1.4"}]
STEPS = [{"up_to": 2000, "price": "9.00"}, {"price": "29.00"}]
# every customer but the first is a copy of it, whatever columns the tables have
CUSTOMERS = """
insert into raw_catalog.customers
select (jsonb_populate_record(
    template, jsonb_build_object('customer_id', 'cus_' || lpad(number::text, 7, '0'))
)).*
from raw_catalog.customers as template
cross join generate_series(2, cast(:customers as integer)) as number
where template.customer_id = 'cus_0000001'
"""
SUBSCRIPTIONS = """
insert into raw_catalog.subscriptions
select (jsonb_populate_record(
    template,
    jsonb_build_object(
        'subscription_id', 'sub_' || lpad(number::text, 7, '0'),
        'customer_id', 'cus_' || lpad(number::text, 7, '0'),
        'plan_id', case number % 2 when 0 then 'plan_b' else 'plan_a' end
    )
)).*
from raw_catalog.subscriptions as template
cross join generate_series(2, cast(:customers as integer)) as number
where template.subscription_id = 'sub_0000001'
"""


def write_catalog(folder: Path, *, prices: bool = True, meters: tuple[str, ...] = ()) -> Path:
    """Writes the catalog of the company with its first customer.

    Args:
        folder: Where to; made when missing.
        prices: Whether its plans have prices.
        meters: Further meters, by aggregation: sum, unique_count, percentile.

    Returns:
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalog.yaml").write_text(json.dumps(_catalog(prices, meters)))
    return folder


def add_customers(warehouse: Warehouse, *, customers: int) -> None:
    """Gives the landed catalog as many customers, each with a subscription.

    Args:
        warehouse: The warehouse; `write_catalog` has landed in it.
        customers: How many there will be.
    """
    engine = create_engine(warehouse.admin_url)
    with engine.begin() as connection:
        for statement in (CUSTOMERS, SUBSCRIPTIONS):
            connection.execute(text(statement), {"customers": customers})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze raw_catalog.customers, raw_catalog.subscriptions"))
    engine.dispose()


def _catalog(prices: bool, meters: tuple[str, ...]) -> dict[str, Any]:
    plan_a = [
        _price("a_base", "flat", amount="49.00"),
        _price("a_calls", "per_unit", "calls", unit_price="0.0125"),
        _price("a_tokens", "graduated", "tokens", tiers=TIERS),
        _price("a_storage", "volume", "storage", tiers=TIERS),
        _price("a_mails", "package", "mails", package_size=100, package_price="1.50"),
    ]
    plan_b = [
        _price("b_base", "flat", amount="199.00"),
        _price("b_calls", "percentage", "calls", rate_percent="1.75"),
        _price("b_tokens", "graduated_percentage", "tokens", tiers=RATES),
        _price("b_storage", "stairstep", "storage", tiers=STEPS),
        _price("b_mails", "per_unit", "mails", unit_price="0.02"),
    ]
    return {
        "legal_entities": [
            {
                "legal_entity_id": ENTITY,
                "legal_entity_name": "Acme",
                "country_code": "DE",
                "address": "1 Example Street",
                "invoice_number_prefix": "AC",
            }
        ],
        "meters": [
            *(_meter(name, name, "sum") for name in ("calls", "tokens", "storage", "mails")),
            *(_meter(f"calls_by_{kind}", "calls", kind) for kind in meters),
        ],
        "plans": [
            {"plan_id": name, "plan_name": name, "currency_code": "EUR", "prices": entries}
            for name, entries in (
                ("plan_a", [*plan_a, *(_measured_price(kind) for kind in meters)]),
                ("plan_b", plan_b),
            )
            if prices
        ],
        "customers": [
            {
                "customer_id": "cus_0000001",
                "customer_name": "Customer",
                "legal_entity_id": ENTITY,
                "country_code": "DE",
                "currency_code": "EUR",
            }
        ],
        "subscriptions": [
            {
                "subscription_id": "sub_0000001",
                "customer_id": "cus_0000001",
                "plan_id": "plan_a",
                "starts_on": "2026-07-01",
            }
        ],
    }


def _meter(meter_id: str, event_type: str, aggregation: str) -> dict[str, Any]:
    more: dict[str, Any] = {
        "unique_count": {"counted_property": "user"},
        "percentile": {"percentile": 95},
    }.get(aggregation, {})
    return {
        "meter_id": meter_id,
        "meter_name": meter_id,
        "event_type": event_type,
        "aggregation": aggregation,
        "unit": "units",
        **more,
    }


def _measured_price(kind: str) -> dict[str, Any]:
    return _price(f"a_calls_by_{kind}", "per_unit", f"calls_by_{kind}", unit_price="0.5")


def _price(price_id: str, model: str, meter_id: str = "", **version: Any) -> dict[str, Any]:
    return {
        "price_id": price_id,
        "label": price_id,
        "charge_model": model,
        **({"meter_id": meter_id} if meter_id else {}),
        "versions": [{"valid_from": "2026-01-01", **version}],
    }
