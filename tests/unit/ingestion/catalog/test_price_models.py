"""Prices that can't be priced are refused with file, line, field and remedy."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from ingestion.catalog import CatalogError, read_catalog, read_currencies
from ingestion.catalog.tables import catalog_rows
from warehouse.errors import Problem

CURRENCIES = {"USD": 2}
HEAD = """\
legal_entities:
  - legal_entity_id: acme
    legal_entity_name: Acme
    country_code: US
    address: 1 Main Street
    invoice_number_prefix: AC
meters:
  - {meter_id: calls, meter_name: Calls, event_type: call, aggregation: count, unit: calls}
  - {meter_id: sales, meter_name: Sales, event_type: sale, aggregation: sum, unit: dollars}
plans:
  - plan_id: basic
    plan_name: Basic
    currency_code: USD
    prices:
      - price_id: p
        label: P
"""
FIRST_LINE = HEAD.count("\n") + 1  # the line on which the body of a price begins


def catalog_with(directory: Path, body: str) -> Path:
    """Write a catalog with one price, of which the body says all but id and label."""
    (directory / "plan.yaml").write_text(HEAD + textwrap.indent(body, " " * 8))
    return directory


def problems_of(directory: Path, body: str) -> list[Problem]:
    with pytest.raises(CatalogError) as caught:
        read_catalog(catalog_with(directory, body), currencies=CURRENCIES)
    return list(caught.value.problems)


def rows_of(directory: Path, body: str) -> dict[str, list[dict]]:
    return catalog_rows(read_catalog(catalog_with(directory, body), currencies=CURRENCIES))


def priced(charge_model: str, version: str, meter_id: str = "sales", **price: str) -> str:
    """Return the body of a price of one version, which is written in flow style."""
    fields = "".join(f"{name}: {value}\n" for name, value in price.items())
    return (
        f"charge_model: {charge_model}\nmeter_id: {meter_id}\n{fields}"
        f"versions:\n  - {{valid_from: 2026-01-01, {version}}}\n"
    )


REFUSED = {
    "stairstep_without_open_step": (
        priced("stairstep", "tiers: [{up_to: 10, price: 5}]"),
        "the last tier ends at 10",
        "open tier",
    ),
    "stairstep_overlap": (
        priced("stairstep", "tiers: [{up_to: 9, price: 5}, {up_to: 9, price: 6}, {price: 7}]"),
        "9 is not above 9",
        "order tiers",
    ),
    "stairstep_open_step_in_between": (
        priced("stairstep", "tiers: [{price: 5}, {price: 7}]"),
        "is open but not the last",
        "up_to",
    ),
    "stairstep_negative": (
        priced("stairstep", "tiers: [{price: -5}]"),
        "-5 is negative",
        "zero or more",
    ),
    "stairstep_without_price": (priced("stairstep", "tiers: [{}]"), "is missing", "price"),
    "stairstep_with_a_unit_price": (
        priced("stairstep", "tiers: [{price: 5, unit_price: 1}]"),
        "is not a known field",
        "fields here: up_to, price",
    ),
    "graduated_with_a_rate": (
        priced("graduated", "tiers: [{rate_percent: 5}]"),
        "is not a known field",
        "fields here: up_to, unit_price, flat_fee",
    ),
    "graduated_percentage_with_a_unit_price": (
        priced("graduated_percentage", "tiers: [{unit_price: 5}]"),
        "is not a known field",
        "fields here: up_to, rate_percent, flat_fee",
    ),
    "graduated_percentage_without_open_tier": (
        priced("graduated_percentage", "tiers: [{up_to: 10, rate_percent: 5}]"),
        "the last tier ends at 10",
        "open tier",
    ),
    "percentage_of_a_count": (
        priced("percentage", "rate_percent: 1", meter_id="calls"),
        "meter 'calls' is a count",
        "aggregation: sum",
    ),
    "percentage_without_rate": (priced("percentage", "free_events: 1"), "is missing", "rate"),
    "percentage_with_a_unit_price": (
        priced("percentage", "rate_percent: 1, unit_price: 1"),
        "is not a known field",
        "minimum_per_event, maximum_per_event",
    ),
    "percentage_with_minimum_above_maximum": (
        priced("percentage", "rate_percent: 1, minimum_per_event: 2, maximum_per_event: 1"),
        "minimum_per_event 2 is above maximum_per_event 1",
        "make maximum_per_event the greater one",
    ),
    "percentage_with_negative_fee": (
        priced("percentage", "rate_percent: 1, fixed_fee_per_event: -1"),
        "-1 is negative",
        "zero or more",
    ),
    "percentage_with_parts_of_an_event": (
        priced("percentage", "rate_percent: 1, free_events: 1.5"),
        "valid integer",
        "whole number",
    ),
    "percentage_with_negative_free_amount": (
        priced("percentage", "rate_percent: 1, free_amount: -1"),
        "-1 is negative",
        "zero or more",
    ),
    "rate_below_zero": (
        priced("graduated_percentage", "tiers: [{rate_percent: -0.1}]"),
        "-0.1 is negative",
        "zero or more",
    ),
    "rate_with_too_many_places": (
        priced("graduated_percentage", "tiers: [{rate_percent: 0.00000000001}]"),
        "has more than 10 decimal places",
        "10",
    ),
    "dynamic_of_a_count": (
        priced("dynamic", "multiplier: 1", meter_id="calls"),
        "a dynamic price adds up amounts, and meter 'calls' is a count",
        "aggregation: sum",
    ),
    "dynamic_with_a_unit_price": (
        priced("dynamic", "unit_price: 1"),
        "is not a known field",
        "fields here: valid_from, valid_to, minimum_commitment, maximum_spend, multiplier",
    ),
    "dynamic_with_negative_multiplier": (
        priced("dynamic", "multiplier: -1", allow_negative="true"),
        "-1 is negative",
        "zero or more",
    ),
    "negative_unit_price": (
        priced("per_unit", "unit_price: -0.5"),
        "-0.5 is negative",
        "allow_negative: true",
    ),
    "negative_fee": (
        "charge_model: flat\nversions:\n  - {valid_from: 2026-01-01, amount: -1}\n",
        "-1 is negative",
        "allow_negative: true",
    ),
    "unknown_allow_negative": (
        priced("per_unit", "unit_price: 1", allow_negative="perhaps"),
        "'perhaps' is unknown",
        "true or false",
    ),
    "allow_negative_where_it_makes_no_sense": (
        priced("package", "package_size: 1, package_price: 1", allow_negative="true"),
        "is not a known field",
        "fields here",
    ),
    "divide_by_zero": (
        priced("per_unit", "unit_price: 1, divide_by: 0"),
        "is zero",
        "more than zero",
    ),
    "divide_by_below_zero": (
        priced("graduated", "divide_by: -1, tiers: [{}]"),
        "-1 is negative",
        "zero or more",
    ),
    "unknown_rounding": (
        priced("volume", "quantity_rounding: ceil, tiers: [{}]"),
        "'ceil' is unknown",
        "'none', 'up', 'down', 'nearest'",
    ),
    "places_without_rounding": (
        priced("package", "package_size: 1, package_price: 1, quantity_rounding_places: 2"),
        "quantity_rounding_places without quantity_rounding",
        "quantity_rounding: up, down or nearest",
    ),
    "too_many_places": (
        priced("per_unit", "unit_price: 1, quantity_rounding: up, quantity_rounding_places: 10"),
        "less than or equal to 9",
        "whole number",
    ),
    "package_of_zero": (
        priced("package", "package_size: 0, package_price: 1"),
        "is zero",
        "more than zero",
    ),
    "percentage_with_a_division": (
        priced("percentage", "rate_percent: 1, divide_by: 100"),
        "is not a known field",
        "fields here",
    ),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_price_that_can_not_be_priced_is_refused(tmp_path: Path, case: str) -> None:
    body, message, remedy = REFUSED[case]
    (problem,) = problems_of(tmp_path, body)
    assert problem.file.endswith("plan.yaml")
    assert FIRST_LINE <= problem.line <= FIRST_LINE + body.count("\n")
    assert problem.field.startswith("prices")
    assert message in problem.message
    assert remedy in problem.remedy


def test_a_currency_without_an_exponent_is_refused(tmp_path: Path) -> None:
    listed = tmp_path / "currencies.csv"
    listed.write_text("currency_code,currency_exponent\nEUR,2\nUSD,\n")
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    catalog_with(catalog, priced("per_unit", "unit_price: 1"))
    with pytest.raises(CatalogError) as caught:
        read_catalog(catalog, currencies=read_currencies(listed))
    (problem,) = caught.value.problems
    assert (problem.line, problem.field) == (13, "currency_code")
    assert problem.message == "currency 'USD' is unknown"
    assert "currency_exponent" in problem.remedy


def test_steps_and_rates_are_kept_as_tiers(tmp_path: Path) -> None:
    steps = rows_of(tmp_path, priced("stairstep", "tiers: [{up_to: 3, price: 5}, {price: 7}]"))
    amounts = [
        (row["up_to"], row["unit_price_unrounded"], row["flat_fee_unrounded"])
        for row in steps["price_tiers"]
    ]
    assert amounts == [(3, 0, 5), (None, 0, 7)]
    body = priced("graduated_percentage", "tiers: [{rate_percent: 2.9000000001, flat_fee: 1}]")
    (tier,) = rows_of(tmp_path, body)["price_tiers"]
    assert str(tier["unit_price_unrounded"]) == "0.029000000001"
    assert tier["flat_fee_unrounded"] == 1


def test_transforms_are_kept_and_others_keep_the_rows_they_had(tmp_path: Path) -> None:
    body = priced("graduated", "divide_by: 1_000, free_units: 2, tiers: [{}]")
    (row,) = rows_of(tmp_path, body)["prices"]
    assert (row["divide_by"], row["free_units"]) == (1000, 2)
    assert "quantity_rounding" not in row
    body = priced("volume", "quantity_rounding: up, quantity_rounding_places: -2, tiers: [{}]")
    (row,) = rows_of(tmp_path, body)["prices"]
    assert (row["quantity_rounding"], row["quantity_rounding_places"]) == ("up", -2)
    (row,) = rows_of(tmp_path, priced("dynamic", "multiplier: 0.01", allow_negative="true"))[
        "prices"
    ]
    assert (str(row["unit_price_unrounded"]), row["is_negative_allowed"]) == ("0.01", True)
    body = priced("per_unit", "unit_price: -1", allow_negative="true")
    assert rows_of(tmp_path, body)["prices"][0]["unit_price_unrounded"] == -1


def test_a_price_in_an_unknown_currency_is_refused(tmp_path: Path) -> None:
    body = priced("per_unit", "unit_price: 1", currency_code="XXX")
    (found,) = problems_of(tmp_path, body)
    assert (found.field, found.line) == ("prices[1].currency_code", FIRST_LINE + 2)
    assert "currency 'XXX' is unknown" in found.message


def test_prices_of_two_currencies_do_not_compete(tmp_path: Path) -> None:
    one = priced("per_unit", "unit_price: 1")
    other = textwrap.indent(priced("per_unit", "unit_price: 2", currency_code="EUR"), " " * 8)
    text = HEAD + textwrap.indent(one, " " * 8) + "      - price_id: q\n        label: Q\n" + other
    (tmp_path / "plan.yaml").write_text(text)
    catalog = read_catalog(tmp_path, currencies={"USD": 2, "EUR": 2})
    assert catalog.plans[0].currencies == {"USD", "EUR"}
    (tmp_path / "plan.yaml").write_text(text.replace("currency_code: EUR", "tax_category: reduced"))
    with pytest.raises(CatalogError, match="some usage would match both"):
        read_catalog(tmp_path, currencies={"USD": 2})
