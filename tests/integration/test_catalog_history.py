"""What a later catalog says of a closed month becomes a difference, or not where it is frozen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.catalog import load_catalog
from orchestration.closing import close_period
from tests.billed_company import entity, flat_price, plan, write_lines
from tests.drafting import LINES_QUERY, LOADS_ONLY, build, land, read_rows
from warehouse import Warehouse

CUSTOMERS = {
    "a_open": "open",
    "b_open": "open",
    "c_open": "open",
    "d_open": "open",
    "a_frozen": "frozen",
}
ONE_PRICE = [{"valid_from": "2026-01-01", "unit_price": "1"}]
BACK_DATED_PRICE = [
    {"valid_from": "2026-01-01", "valid_to": "2026-09-16", "unit_price": "1"},
    {"valid_from": "2026-09-16", "unit_price": "2"},
]


def catalog(versions: list[dict[str, str]], subscriptions: dict[str, dict[str, str]]) -> str:
    """Return a catalog of one plan for two legal entities, one of which freezes what is closed."""
    usage = {
        "price_id": "use",
        "label": "Use",
        "charge_model": "per_unit",
        "meter_id": "calls",
        "versions": versions,
    }
    return json.dumps(
        {
            "legal_entities": [
                entity("open", "OPEN"),
                entity("frozen", "FROZEN") | {"back_dated_change_policy": "frozen"},
            ],
            "meters": [
                {"meter_id": "calls", "meter_name": "Calls", "event_type": "call"}
                | {"aggregation": "sum", "unit": "calls"}
            ],
            "plans": [
                plan("eur", "EUR", flat_price("fee", "30"), usage),
                plan("advance", "EUR", flat_price("seat", "31") | {"billed": "in_advance"}),
            ],
            "customers": [
                {"customer_id": name, "customer_name": name, "legal_entity_id": entity_id}
                | {"country_code": "SE", "currency_code": "EUR"}
                for name, entity_id in CUSTOMERS.items()
            ],
            "subscriptions": [
                {"subscription_id": f"s_{name}", "customer_id": name}
                | {"plan_id": "advance_plan" if name == "d_open" else "eur_plan"}
                | {"starts_on": "2026-09-01", **more}
                for name, more in subscriptions.items()
            ],
        }
    )


def usage() -> list[str]:
    days = {"2026-09-10": "1", "2026-09-20": "10", "2026-10-05": "100"}
    return [
        json.dumps(
            {"event_id": day, "customer_id": name, "event_type": "call", "quantity": quantity}
            | {"occurred_at": f"{day}T12:00:00Z"}
        )
        for name in ("a_open", "a_frozen")
        for day, quantity in days.items()
    ]


@pytest.fixture(scope="module")
def lines(
    deployed: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[dict[str, Any]]:
    """All lines, once September is closed and the catalog says something else of it."""
    warehouse, folder = clone(deployed), tmp_path_factory.mktemp("history")
    path: Path = folder / "catalog.json"
    path.write_text(catalog(ONE_PRICE, {name: {} for name in CUSTOMERS}))
    load_catalog(warehouse, folder)
    land(warehouse, [write_lines(tmp_path_factory.mktemp("usage") / "u.jsonl", usage())])
    build(warehouse, LOADS_ONLY)
    for entity_id in ("open", "frozen"):
        close_period(
            warehouse,
            legal_entity_id=entity_id,
            period_start=date(2026, 9, 1),
            closed_at=datetime(2026, 10, 6, tzinfo=UTC),
        )
    later = {
        "a_open": {},
        "b_open": {"ends_on": "2026-09-16"},
        "d_open": {"ends_on": "2026-10-11"},
        "a_frozen": {},
    }
    path.write_text(catalog(BACK_DATED_PRICE, later))
    load_catalog(warehouse, folder)
    build(warehouse, LOADS_ONLY)
    return read_rows(warehouse, LINES_QUERY)


def drafted(lines: list[dict[str, Any]], customer: str) -> dict[tuple[str, str], int]:
    return {
        (row["line_type"], row["price_version_id"]): row["amount_minor"]
        for row in lines
        if row["customer_id"] == customer and row["status"] == "draft"
    }


OCTOBER = {("charge", "fee@2026-01-01"): 3000, ("charge", "use@2026-09-16"): 20000}


def test_a_back_dated_price_is_billed_as_a_difference(lines: list[dict[str, Any]]) -> None:
    # 10 of 11 calls cost 2 and not 1
    assert drafted(lines, "a_open") == OCTOBER | {
        ("adjustment", "use@2026-01-01"): -1000,
        ("adjustment", "use@2026-09-16"): 2000,
    }


def test_a_back_dated_cancellation_gives_the_fee_back(lines: list[dict[str, Any]]) -> None:
    assert drafted(lines, "b_open") == {("adjustment", "fee@2026-01-01"): -1500}


def test_a_subscription_that_is_no_longer_named_stays_billed(lines: list[dict[str, Any]]) -> None:
    assert drafted(lines, "c_open") == {}


def test_a_frozen_month_keeps_the_catalog_of_its_close(lines: list[dict[str, Any]]) -> None:
    assert drafted(lines, "a_frozen") == OCTOBER


def test_a_cancellation_gives_back_what_was_billed_in_advance(lines: list[dict[str, Any]]) -> None:
    billed = {
        row["service_start"].month: row["amount_minor"]
        for row in lines
        if row["customer_id"] == "d_open" and row["status"] == "closed"
    }
    assert billed == {9: 3100, 10: 3100}
    # 21 of the 31 days of October
    assert drafted(lines, "d_open") == {("adjustment", "seat@2026-01-01"): -2100}
