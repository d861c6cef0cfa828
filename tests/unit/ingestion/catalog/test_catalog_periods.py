"""Zones, billing days, instants, changes, pauses: read exactly, or refused with a remedy."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ingestion.catalog import CatalogError, read_catalog
from ingestion.catalog.tables import catalog_rows
from tests.unit.ingestion.catalog.test_catalog_reading import CURRENCIES, ENTITY, METERS, PLANS

CUSTOMERS = """\
customers:
  - customer_id: c1
    customer_name: One
    legal_entity_id: acme
    country_code: NP
    currency_code: USD
    billing_time_zone: Asia/Kathmandu
"""
SUBSCRIPTION = """\
subscriptions:
  - subscription_id: s1
    customer_id: c1
    plan_id: basic
"""
OTHER_PLAN = """\
  - plan_id: other
    plan_name: Other
    currency_code: USD
    billing_interval: quarter
    prices:
      - price_id: other_calls
        label: Calls
        charge_model: per_unit
        meter_id: calls
        versions:
          - valid_from: 2026-01-01
            unit_price: 1
      - price_id: other_fee
        label: Fee
        charge_model: flat
        billing_interval: year
        billed: in_advance
        versions:
          - valid_from: 2026-01-01
            amount: 1
"""
DAYS = "    starts_on: 2026-01-31\n"
INSTANTS = (
    '    starts_at: "2026-01-31T20:00:00Z"\n    ends_at: "2026-03-31T18:15:00.000001+00:00"\n'
)


def catalog_at(folder: Path, subscription: str, customers: str = CUSTOMERS) -> Path:
    """Write a catalog with one customer in Kathmandu and one subscription."""
    text = ENTITY + METERS + PLANS + OTHER_PLAN + customers + SUBSCRIPTION + subscription
    (folder / "catalog.yaml").write_text(text)
    return folder


def rows_of(folder: Path, subscription: str) -> dict[str, list[dict]]:
    return catalog_rows(read_catalog(catalog_at(folder, subscription), currencies=CURRENCIES))


def test_periods_have_defaults(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, DAYS)
    found = rows["subscriptions"][0]
    assert (found["billing_anchor_day"], found["quantity"]) == (1, 1)
    assert [found[name] for name in ("starts_at", "ends_at", "trial_ends_on")] == [None] * 3
    assert (found["changes"], found["pauses"]) == (None, None)
    entity = rows["legal_entities"][0]
    assert (entity["proration"], entity["plan_change_policy"]) == ("days", "immediate")
    assert entity["back_dated_change_policy"] == "next_invoice"


def test_a_price_has_the_interval_of_its_plan(tmp_path: Path) -> None:
    prices = {row["price_id"]: row for row in rows_of(tmp_path, DAYS)["prices"]}
    assert {name: row["billing_interval"] for name, row in prices.items()} == {
        "basic_calls": "month",
        "other_calls": "quarter",
        "other_fee": "year",
    }
    assert prices["other_fee"]["is_billed_in_advance"]
    assert not prices["other_calls"]["is_billed_in_advance"]


def test_days_of_instants_are_those_of_the_customer(tmp_path: Path) -> None:
    found = rows_of(tmp_path, INSTANTS)["subscriptions"][0]
    assert found["starts_on"] == date(2026, 2, 1)
    assert found["ends_on"] == date(2026, 4, 2)


def test_changes_and_pauses_are_kept_as_written(tmp_path: Path) -> None:
    lists = (
        "    changes:\n"
        "      - {on: 2026-02-10, quantity: 2.50}\n"
        '      - {at: "2026-02-10T15:00:00+01:00", plan_id: other}\n'
        "    pauses: [{from: 2026-03-01, to: 2026-03-05}, {from: 2026-04-01}]\n"
    )
    found = rows_of(tmp_path, DAYS + lists)["subscriptions"][0]
    assert json.loads(found["changes"]) == [
        {"on": "2026-02-10", "quantity": "2.5"},
        {"at": "2026-02-10T14:00:00+00:00", "plan_id": "other"},
    ]
    assert json.loads(found["pauses"]) == [
        {"from": "2026-03-01", "to": "2026-03-05"},
        {"from": "2026-04-01"},
    ]


SECOND = (
    "  - subscription_id: s2\n    customer_id: c1\n    plan_id: other\n"
    '    starts_at: "2026-03-01T12:00:00Z"\n'
)
FAULTS = [
    ("    ends_on: 2026-03-01\n", "subscriptions", "starts_on"),
    (DAYS + INSTANTS, "subscriptions", "starts_on"),
    (DAYS + "    billing_anchor_day: 32\n", "billing_anchor_day", "range"),
    (DAYS + "    quantity: -1\n", "quantity", "zero or more"),
    ('    starts_at: "2026-01-31T20:00:00"\n', "starts_at", "offset"),
    (INSTANTS + "    ends_on: 2026-03-01\n", "subscriptions", "keep one"),
    ('    starts_at: "2026-03-01T00:00:00Z"\n    ends_on: 2026-03-01\n', "ends_on", "later"),
    (DAYS + "    changes: [{quantity: 2}]\n", "changes[1]", "give on"),
    (DAYS + "    changes: [{on: 2026-02-01}]\n", "changes[1]", "plan_id"),
    (DAYS + "    changes: [{on: 2026-01-30, quantity: 2}]\n", "changes[1].on", "begins"),
    (DAYS + "    changes: [{on: 2026-02-01, plan_id: no}]\n", "changes[1].plan_id", "basic"),
    (DAYS + "    pauses: [{from: 2026-02-01, to: 2026-02-01}]\n", "pauses[1]", "no longer"),
    (DAYS + "    pauses: [{to: 2026-02-01}]\n", "pauses[1].from", "from"),
    (DAYS + SECOND, "starts_at", "ends_at: 2026-03-01"),
]


@pytest.mark.parametrize(("subscription", "field", "remedy"), FAULTS)
def test_a_subscription_that_does_not_hold_is_refused(
    tmp_path: Path, subscription: str, field: str, remedy: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        read_catalog(catalog_at(tmp_path, subscription), currencies=CURRENCIES)
    [found] = caught.value.problems
    assert (found.field, found.line is not None) == (field, True)
    assert remedy in (found.remedy or "")


@pytest.mark.parametrize("zone", ["Europe/Berln", "CET", "posix/UTC", "+01:00", "localtime"])
def test_a_zone_that_is_none_is_refused(tmp_path: Path, zone: str) -> None:
    folder = catalog_at(tmp_path, DAYS, CUSTOMERS.replace("Asia/Kathmandu", zone))
    with pytest.raises(CatalogError) as caught:
        read_catalog(folder, currencies=CURRENCIES)
    [found] = caught.value.problems
    assert (found.field, found.line is not None) == ("billing_time_zone", True)
    assert "Europe/Berlin" in (found.remedy or "")


@pytest.mark.parametrize("field", ["proration", "plan_change_policy", "back_dated_change_policy"])
def test_an_unknown_policy_is_refused(tmp_path: Path, field: str) -> None:
    path = catalog_at(tmp_path, DAYS) / "catalog.yaml"
    path.write_text(
        path.read_text().replace(
            "    country_code: NO\n", f"    {field}: x\n    country_code: NO\n"
        )
    )
    with pytest.raises(CatalogError) as caught:
        read_catalog(tmp_path, currencies=CURRENCIES)
    [found] = caught.value.problems
    assert found.field == field
    assert "use one of" in (found.remedy or "")


def test_subscriptions_that_follow_at_an_instant_do_not_overlap(tmp_path: Path) -> None:
    ends = DAYS + '    ends_at: "2026-03-01T12:00:00Z"\n'
    assert len(rows_of(tmp_path, ends + SECOND)["subscriptions"]) == 2


def test_a_plan_that_is_left_in_time_does_not_overlap(tmp_path: Path) -> None:
    quiet = "  - plan_id: quiet\n    plan_name: Quiet\n    currency_code: USD\n    prices: []\n"
    folder = catalog_at(
        tmp_path,
        DAYS + "    changes: [{on: 2026-03-01, plan_id: quiet}]\n" + SECOND,
    )
    text = (folder / "catalog.yaml").read_text().replace(OTHER_PLAN, OTHER_PLAN + quiet)
    (folder / "catalog.yaml").write_text(text)
    assert read_catalog(folder, currencies=CURRENCIES).subscriptions[0].changes[0].plan_id


def test_a_zone_that_the_server_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        read_catalog(catalog_at(tmp_path, DAYS), currencies=CURRENCIES, time_zones={"UTC"})
    [found] = caught.value.problems
    assert (found.field, found.line is not None) == ("billing_time_zone", True)
    assert "server" in found.message
