"""A company with one price of each charge model, for the tests of the dbt project."""

from __future__ import annotations

from typing import Any

from tests.dbt_harness import Event

ENTITY = "le"
CUSTOMERS = ("gold", "iron", "zinc")
PRICES: list[dict[str, Any]] = [
    {"price_id": "fee", "label": "Fee", "charge_model": "flat"} | {"amount": "31.00"},
    {"price_id": "calls", "label": "Calls", "charge_model": "per_unit", "meter_id": "calls"}
    | {"unit_price": "0.015", "free_units": "2"},
    {"price_id": "bytes", "label": "Bytes", "charge_model": "graduated", "meter_id": "bytes"}
    | {"tiers": [{"up_to": "10", "unit_price": "0.1", "flat_fee": "1"}, {"unit_price": "0.05"}]},
    {"price_id": "jobs", "label": "Jobs", "charge_model": "volume", "meter_id": "jobs"}
    | {"tiers": [{"up_to": "10", "unit_price": "2"}, {"unit_price": "1.5", "flat_fee": "3"}]},
    {"price_id": "peak", "label": "Peak", "charge_model": "package", "meter_id": "peak"}
    | {"package_size": "4", "package_price": "5"},
]
# one meter of each aggregation that is no sum of pieces
VALUED_METERS: tuple[dict[str, Any], ...] = tuple(
    {"meter_id": meter, "meter_name": meter, "event_type": kind, "aggregation": how}
    | {"unit": "units", "dimensions": ["model"], **parameters}
    for meter, kind, how, parameters in (
        ("last", "level", "latest", {}),
        ("users", "visit", "unique_count", {"counted_property": "user"}),
        ("rank", "call", "percentile", {"percentile": 90}),
        ("stock", "level", "weighted_sum", {}),
    )
)
VERSION_FIELDS = {"amount", "unit_price", "free_units", "tiers", "package_size", "package_price"}


def catalog(*, more_meters: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Return the catalog; all are subscribed from 2026-08-01, zinc from 2026-08-17."""
    meters = [
        ("calls", "call", "count", ["model"]),
        ("bytes", "call", "sum", []),
        ("jobs", "job", "sum", []),
        ("peak", "level", "max", []),
    ]
    return {
        "legal_entities": [
            {"legal_entity_id": ENTITY, "legal_entity_name": "Legal", "country_code": "SE"}
            | {"address": "A", "invoice_number_prefix": "INV"}
        ],
        "meters": [
            {"meter_id": meter, "meter_name": meter, "event_type": kind, "aggregation": how}
            | {"unit": "units", "dimensions": dimensions}
            for meter, kind, how, dimensions in meters
        ]
        + list(more_meters),
        "plans": [
            {"plan_id": "all", "plan_name": "All", "currency_code": "EUR"}
            | {"prices": [_price(price) for price in PRICES]}
        ],
        "tax_rates": [
            {"legal_entity_id": ENTITY, "country_code": "SE", "treatment": "exempt"}
            | {"valid_from": "2026-01-01"}
        ],
        "customers": [
            {"customer_id": name, "customer_name": name.title(), "legal_entity_id": ENTITY}
            | {"country_code": "SE", "currency_code": "EUR"}
            for name in CUSTOMERS
        ],
        "subscriptions": [
            {"subscription_id": f"s_{name}", "customer_id": name, "plan_id": "all"}
            | {"starts_on": "2026-08-17" if name == "zinc" else "2026-08-01"}
            for name in CUSTOMERS
        ],
    }


def _price(price: dict[str, Any]) -> dict[str, Any]:
    version = {name: value for name, value in price.items() if name in VERSION_FIELDS}
    rest = {name: value for name, value in price.items() if name not in VERSION_FIELDS}
    return rest | {"versions": [{"valid_from": "2026-08-01"} | version]}


def august_and_september() -> list[Event]:
    """Return the usage of gold in August, and a call of each customer in September."""
    day = "2026-08-31T23:59:59.999999+00:00"
    calls = [Event("gold", f"c{n}", day, quantity="2.5") for n in range(5)]
    others = [
        Event("gold", "j1", day, quantity="10.5", event_type="job"),
        Event("gold", "l1", day, quantity="8", event_type="level"),
        Event("gold", "l2", day, quantity="9", event_type="level"),
    ]
    september = [Event(name, "sep", "2026-09-01T00:00:00+00:00") for name in CUSTOMERS]
    return calls + others + september
