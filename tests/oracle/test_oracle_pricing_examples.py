"""The reference reproduces worked examples from outside the project."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from ingestion.catalog.models import Plan
from tests.oracle.examples import EXAMPLES_FILE, PricingExample, read_examples
from tests.oracle.rating import rate, to_minor_units

pytestmark = pytest.mark.skipif(
    not EXAMPLES_FILE.is_file(), reason="the worked examples (../shared/oracle) are not here"
)
EXAMPLES = list(read_examples()) if EXAMPLES_FILE.is_file() else []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.example_id)
def test_example(example: PricingExample) -> None:
    price = {"price_id": "p", "label": "P", **example.price}
    if price["charge_model"] != "flat":
        price["meter_id"] = "m"
    price["versions"] = [{"valid_from": date(2026, 1, 1), **example.parameters}]
    plan = Plan.model_validate(
        {"plan_id": "x", "plan_name": "X", "currency_code": "USD", "prices": [price]}
    )
    charges = [
        rate(
            plan.prices[0],
            plan.prices[0].versions[0],
            Fraction(sum(usage)),
            event_amounts=[Fraction(amount) for amount in usage],
        )
        for usage in example.usages
    ]
    amount = sum((charge.amount for charge in charges), Fraction(0))
    if example.is_rounded:
        minor = to_minor_units(amount, exponent=2, rounding_mode="half_away_from_zero")
        amount = Fraction(minor, 100)
    assert amount == Fraction(example.amount)
    if example.tiers is not None:
        found = [
            (tier.tier_number, tier.quantity, tier.amount)
            for charge in charges
            for tier in charge.tiers
        ]
        assert found == [
            (number, Fraction(units), Fraction(total)) for number, units, total in example.tiers
        ]


def test_all_but_the_minimum_spend_are_there() -> None:
    assert len(EXAMPLES) == 31
