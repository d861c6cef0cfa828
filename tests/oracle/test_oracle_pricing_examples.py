"""The reference reproduces worked examples from outside the project."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ingestion.catalog import read_currencies
from tests.oracle.examples import (
    EXAMPLES_FILE,
    PricingExample,
    customers_of,
    examples_as_catalog,
    months_of,
    read_examples,
)
from tests.oracle.invoicing import Line, draft_lines

pytestmark = pytest.mark.skipif(
    not EXAMPLES_FILE.is_file(), reason="the worked examples (../shared/oracle) are not here"
)
EXAMPLES = list(read_examples()) if EXAMPLES_FILE.is_file() else []


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    catalog, events = examples_as_catalog(EXAMPLES)
    months = sorted(months_of(EXAMPLES))
    return draft_lines(catalog, events, months=months, exponents=read_currencies())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.example_id)
def test_example(example: PricingExample, lines: list[Line]) -> None:
    found = [line for line in lines if line.customer_id in customers_of(example)]
    if example.is_rounded:
        amount = Fraction(sum(line.amount_minor for line in found), 100)
    else:
        amount = sum((line.amount for line in found), Fraction(0))
    assert amount == Fraction(example.amount)
    if example.tiers is not None:
        tiers = [
            (tier.tier_number, tier.quantity, tier.amount) for line in found for tier in line.tiers
        ]
        assert tiers == [
            (number, Fraction(units), Fraction(total)) for number, units, total in example.tiers
        ]


def test_all_that_charges_alone_decide_are_there() -> None:
    assert len(EXAMPLES) == 44
