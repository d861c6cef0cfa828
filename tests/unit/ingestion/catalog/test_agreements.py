"""Contracts, discounts, one-off lines and limits that can't hold are refused, with the remedy."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.catalog import CatalogError, read_catalog
from ingestion.catalog.tables import catalog_rows, catalog_tables
from warehouse.errors import Problem

CURRENCIES = {"USD": 2, "JPY": 0}
HEAD = """\
legal_entities:
  - legal_entity_id: acme
    legal_entity_name: Acme
    country_code: US
    address: 1 Main Street
    invoice_number_prefix: AC
plans:
  - plan_id: basic
    plan_name: Basic
    currency_code: USD
    minimum_commitment: 5
    prices:
      - price_id: fee
        label: Fee
        charge_model: flat
        versions:
          - {valid_from: 2026-01-01, amount: 10, VERSION}
customers:
  - {customer_id: c, customer_name: C, legal_entity_id: acme, country_code: US, currency_code: USD}
  - {customer_id: d, customer_name: D, legal_entity_id: acme, country_code: US, currency_code: USD}
subscriptions:
  - {subscription_id: s, customer_id: c, plan_id: basic, starts_on: 2026-01-01}
  - {subscription_id: t, customer_id: d, plan_id: basic, starts_on: 2026-01-01}
"""
FIRST_LINE = HEAD.count("\n") + 2  # of the first agreement
LIMITS = "minimum_commitment: 1, maximum_spend: 2"
CONTRACT = "contract_id: k, customer_id: c, interval: month, minimum_commitment: 5"
CONTRACT += ", currency_code: USD, starts_on: "
DISCOUNT = "discount_id: d, customer_id: c, label: L, starts_on: 2026-01-01"
ONE_OFF = "one_off_id: o, label: L, charged_on: 2026-01-31, currency_code: USD"


def write(directory: Path, body: str = "", version: str = LIMITS) -> Path:
    (directory / "catalog.yaml").write_text(HEAD.replace("VERSION", version) + body)
    return directory


def problems_of(directory: Path, body: str = "", version: str = LIMITS) -> list[Problem]:
    with pytest.raises(CatalogError) as caught:
        read_catalog(write(directory, body, version), currencies=CURRENCIES)
    return list(caught.value.problems)


def test_agreements_are_landed_as_they_are_written(tmp_path: Path) -> None:
    body = (
        f"contracts:\n  - {{{CONTRACT}2026-01-01}}\n"
        f"discounts:\n  - {{{DISCOUNT}, percent: 12.5, price_id: fee, subscription_id: s}}\n"
        f"one_off_lines:\n  - {{{ONE_OFF}, customer_id: d, amount: -3.50, tax_category: reduced}}\n"
    )
    catalog = read_catalog(write(tmp_path, body), currencies=CURRENCIES)
    rows = catalog_rows(catalog)
    assert rows["contracts"][0]["minimum_commitment_unrounded"] == Decimal(5)
    assert rows["contracts"][0]["label"] == "Minimum commitment"
    assert rows["discounts"][0]["percent"] == Decimal("12.5")
    assert rows["discounts"][0]["amount_unrounded"] is None
    assert rows["one_off_lines"][0]["amount_unrounded"] == Decimal("-3.50")
    assert rows["plans"][0]["minimum_commitment_unrounded"] == Decimal(5)
    assert rows["prices"][0]["maximum_spend_unrounded"] == Decimal(2)
    assert rows["legal_entities"][0]["rounding_scope"] == "line"
    tables = catalog_tables(catalog, catalog_version=1)
    assert [tables[name].num_rows for name in ("contracts", "discounts", "one_off_lines")] == [
        1
    ] * 3


@pytest.mark.parametrize(
    ("entry", "field", "message", "remedy"),
    [
        (f"contracts:\n  - {{{CONTRACT}2026-01-02}}", "contracts", "inside a month", "first day"),
        (
            f"contracts:\n  - {{{CONTRACT}2026-01-01, ends_on: 2026-01-01}}",
            "contracts",
            "not after",
            "no longer covers",
        ),
        (
            f"contracts:\n  - {{{CONTRACT.replace('month', 'term')}2026-01-01}}",
            "contracts",
            "no end",
            "give ends_on",
        ),
        (
            f"contracts:\n  - {{{CONTRACT.replace('month', 'week')}2026-01-01}}",
            "interval",
            "'week' is unknown",
            "use one of",
        ),
        (
            f"contracts:\n  - {{{CONTRACT.replace('customer_id: c', 'customer_id: z')}2026-01-01}}",
            "customer_id",
            "customer 'z' is unknown",
            "use one of: c, d",
        ),
        (
            f"contracts:\n  - {{{CONTRACT.replace('USD', 'JPY')}2026-01-01}}",
            "currency_code",
            "not the currency of customer 'c', who pays in USD",
            "write currency_code: USD",
        ),
        (f"discounts:\n  - {{{DISCOUNT}}}", "discounts", "takes off nothing", "percent or amount"),
        (
            f"discounts:\n  - {{{DISCOUNT}, percent: 5, amount: 5, currency_code: USD}}",
            "discounts",
            "or two things",
            "one of them",
        ),
        (f"discounts:\n  - {{{DISCOUNT}, percent: 0}}", "discounts", "is zero", "more than zero"),
        (f"discounts:\n  - {{{DISCOUNT}, percent: 100.1}}", "discounts", "above 100", "100 makes"),
        (f"discounts:\n  - {{{DISCOUNT}, percent: -1}}", "percent", "is negative", "zero or more"),
        (
            f"discounts:\n  - {{{DISCOUNT}, percent: 5, maximum_amount: -1, currency_code: USD}}",
            "maximum_amount",
            "is negative",
            "zero or more",
        ),
        (
            f"discounts:\n  - {{{DISCOUNT}, percent: 5, plan_id: basic, price_id: fee}}",
            "discounts",
            "a plan and a price",
            "keep price_id",
        ),
        (f"discounts:\n  - {{{DISCOUNT}, amount: 5}}", "discounts", "a currency", "beside amount"),
        (
            f"discounts:\n  - {{{DISCOUNT}, amount: 5.001, currency_code: USD}}",
            "amount",
            "can't be paid in USD",
            "round it",
        ),
        (f"discounts:\n  - {{{DISCOUNT}, percent: 5, periods: 0}}", "periods", "", "whole number"),
        (
            f"discounts:\n  - {{{DISCOUNT}, percent: 5, plan_id: z}}",
            "plan_id",
            "plan 'z' is unknown",
            "use one of: basic",
        ),
        (
            f"discounts:\n  - {{{DISCOUNT}, percent: 5, price_id: z}}",
            "price_id",
            "price 'z' is unknown",
            "use one of: fee",
        ),
        (
            f"discounts:\n  - {{{DISCOUNT}, percent: 5, subscription_id: z}}",
            "subscription_id",
            "subscription 'z' is unknown",
            "use one of: s, t",
        ),
        (
            f"discounts:\n  - {{{DISCOUNT}, percent: 5, subscription_id: t}}",
            "subscription_id",
            "is of customer 'd'",
            "own customer",
        ),
        (
            f"one_off_lines:\n  - {{{ONE_OFF}, customer_id: c, amount: 1e3}}",
            "amount",
            "not a number",
            "no exponent",
        ),
    ],
)
def test_an_agreement_that_can_not_hold_is_refused(
    tmp_path: Path, entry: str, field: str, message: str, remedy: str
) -> None:
    (problem,) = problems_of(tmp_path, entry + "\n")
    assert (problem.line, problem.field) == (FIRST_LINE, field)
    assert message in problem.message
    assert remedy in problem.remedy


def test_two_contracts_do_not_cover_the_same_month(tmp_path: Path) -> None:
    later = CONTRACT.replace("contract_id: k", "contract_id: l")
    body = f"contracts:\n  - {{{CONTRACT}2026-01-01}}\n  - {{{later}2026-03-01}}\n"
    (problem,) = problems_of(tmp_path, body)
    assert (problem.line, problem.field) == (FIRST_LINE + 1, "starts_on")
    assert "contract 'k'" in problem.message
    assert "the same charges would count twice" in problem.message
    assert problem.remedy == "end it with ends_on: 2026-03-01, or start later"


def test_a_minimum_above_the_maximum_is_refused(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, version="minimum_commitment: 3, maximum_spend: 2")
    assert problem.field == "prices[1].versions[1].minimum_commitment"
    assert "minimum_commitment 3 is above maximum_spend 2" in problem.message
    assert "make maximum_spend the greater one" in problem.remedy


def test_a_minimum_of_a_plan_is_in_one_currency(tmp_path: Path) -> None:
    other = (
        "\n      - {price_id: yen, label: Yen, charge_model: flat, currency_code: JPY, versions: ["
    )
    version = f"{LIMITS}}}{other}{{valid_from: 2026-01-01, amount: 1}}]"
    (problem,) = problems_of(tmp_path, version=version)
    assert (problem.line, problem.field) == (11, "minimum_commitment")
    assert "is one amount, but the plan is sold in JPY, USD" in problem.message
    assert "each currency a plan of its own" in problem.remedy
