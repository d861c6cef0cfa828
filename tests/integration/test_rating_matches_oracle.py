"""The SQL agrees with the reference on a thousand random contracts, and with worked examples.

One build rates all of them; then months are closed, and the usage that was held back arrives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ingestion.catalog import load_catalog, read_currencies
from ingestion.catalog.models import SECTIONS, Catalog
from orchestration.closing import PeriodToClose, close_periods
from tests.catalog_files import write_catalog
from tests.drafting import (
    CREDITS_QUERY,
    INVOICES_QUERY,
    LINES_QUERY,
    LOADS_ONLY,
    TIERS_QUERY,
    build,
    land,
    read_rows,
    write_events,
)
from tests.oracle.contracts import METERS, MONTHS, random_catalog, random_events
from tests.oracle.examples import (
    EXAMPLES_FILE,
    PricingExample,
    customers_of,
    examples_as_catalog,
    months_of,
    read_examples,
)
from tests.oracle.invoice_examples import (
    InvoiceExample,
    examples_left_out,
    invoice_examples_as_catalog,
    read_invoice_examples,
)
from tests.oracle.invoicing import Line, UsageEvent, draft_lines, invoice_totals
from warehouse import Warehouse

SEED = 20260901
CUSTOMERS = 1_000
LATE_SHARE = 0.15
CLOSED_MONTHS = {
    "half_away_from_zero": (date(2026, 7, 1), date(2026, 8, 1)),
    "half_even": (date(2026, 7, 1),),
}
CLOSED_AT = datetime(2026, 10, 6, tzinfo=UTC)
EXAMPLES = list(read_examples()) if EXAMPLES_FILE.is_file() else []
INVOICE_EXAMPLES = read_invoice_examples() if EXAMPLES_FILE.is_file() else []
LINE_TYPES = ("true_up", "discount")
STORED = 10**12  # unrounded amounts are kept to 12 decimals


@dataclass(frozen=True)
class Drafted:
    """What the SQL and the reference made of the same catalog and usage."""

    warehouse: Warehouse
    late_events: list[UsageEvent]
    lines: dict[tuple, dict[str, Any]]
    tiers: dict[tuple, dict[str, Any]]
    invoices: dict[tuple, dict[str, Any]]
    expected: dict[tuple, Line]


def key_of(row: dict[str, Any]) -> tuple:
    return (row["customer_id"], row["month"], row["price_version_id"])


def line_key_of(line: Line) -> tuple:
    return (line.customer_id, line.period_start, f"{line.price_id}@{line.valid_from}")


def draft(
    warehouse: Warehouse,
    folder: Path,
    catalog: Catalog,
    events: list[UsageEvent],
    late_events: list[UsageEvent],
) -> Drafted:
    """Draft a catalog and usage, and invoice examples that the reference says nothing about."""
    others, others_usage = invoice_examples_as_catalog(INVOICE_EXAMPLES)
    both = {name: (*getattr(catalog, name), *getattr(others, name)) for name in SECTIONS}
    load_catalog(warehouse, write_catalog(folder / "catalog", Catalog(**both)))
    land(warehouse, [write_events(folder / "events.jsonl", events + others_usage)])
    build(warehouse)
    apart = {example.example_id for example in INVOICE_EXAMPLES}
    months = sorted({*MONTHS, *months_of(EXAMPLES)})
    lines = draft_lines(catalog, events, months=months, exponents=read_currencies())
    found, tiers, invoices = (
        [row for row in read_rows(warehouse, query) if row["customer_id"] not in apart]
        for query in (LINES_QUERY, TIERS_QUERY, INVOICES_QUERY)
    )
    drafted = Drafted(
        warehouse=warehouse,
        late_events=late_events,
        lines={(*key_of(row), row["subscription_id"]): row for row in found},
        tiers={(*key_of(row), row["tier_number"]): row for row in tiers},
        invoices={(row["customer_id"], row["month"]): row for row in invoices},
        expected={(*line_key_of(line), line.subscription_id): line for line in lines},
    )
    assert (len(drafted.lines), len(drafted.tiers)) == (len(found), len(tiers))
    assert len(drafted.expected) == len(lines)
    return drafted


@pytest.fixture(scope="module")
def drafted(
    make_warehouse: Callable[[], Warehouse], tmp_path_factory: pytest.TempPathFactory
) -> Drafted:
    """One build of many random contracts and of the worked examples, without late usage."""
    contracts = random_catalog(SEED, customers=CUSTOMERS)
    usage = random_events(SEED, contracts, per_customer=30)
    chance = Random(SEED)
    late = [event for event in usage if chance.random() < LATE_SHARE]
    held_back = {(event.customer_id, event.event_id) for event in late}
    early = [event for event in usage if (event.customer_id, event.event_id) not in held_back]
    examples, example_usage = examples_as_catalog(EXAMPLES)
    both = {name: getattr(contracts, name) + getattr(examples, name) for name in SECTIONS}
    folder = tmp_path_factory.mktemp("oracle")
    return draft(make_warehouse(), folder, Catalog(**both), early + example_usage, late)


@pytest.fixture(scope="module")
def billed_in_the_end(
    drafted: Drafted, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], int]:
    """Minor units by customer and price over all time: months closed, then late usage billed."""
    periods = [
        PeriodToClose(legal_entity_id, month, CLOSED_AT)
        for legal_entity_id, months in CLOSED_MONTHS.items()
        for month in months
    ]
    close_periods(drafted.warehouse, periods)
    path = tmp_path_factory.mktemp("late") / "events.jsonl"
    land(drafted.warehouse, [write_events(path, drafted.late_events)])
    build(drafted.warehouse, LOADS_ONLY)
    rows = read_rows(
        drafted.warehouse,
        """
        select customer_id, price_id, sum(amount_minor)::bigint as amount_minor
        from reporting.rpt_invoice_lines
        group by customer_id, price_id
        """,
    )
    return {(row["customer_id"], row["price_id"]): row["amount_minor"] for row in rows}


def test_the_same_lines_are_drafted(drafted: Drafted) -> None:
    assert len(drafted.expected) > 2 * CUSTOMERS
    assert sorted(drafted.lines, key=str) == sorted(drafted.expected, key=str)


@pytest.mark.parametrize("meter_id", [meter_id for meter_id, *_ in METERS])
def test_every_aggregation_is_drafted(drafted: Drafted, meter_id: str) -> None:
    measured = [
        line
        for line in drafted.expected.values()
        if f"_{meter_id}_" in line.price_id and line.quantity != 0
    ]
    assert len(measured) > 100


def test_lines_agree_to_the_last_minor_unit(drafted: Drafted) -> None:
    for key, line in drafted.expected.items():
        row = drafted.lines[key]
        assert Fraction(row["quantity"]) == line.quantity, key
        assert row["amount_minor"] == line.amount_minor, (key, line.amount)
        assert (row["service_start"], row["service_end"]) == (line.service_start, line.service_end)
        tolerance = Fraction(max(len(line.tiers), 1), 2 * STORED)
        assert abs(Fraction(row["amount_unrounded"]) - line.amount) <= tolerance, key


def test_tiers_agree(drafted: Drafted) -> None:
    expected = {
        (*line_key_of(line), tier.tier_number): tier
        for line in drafted.expected.values()
        for tier in line.tiers
    }
    assert len(expected) > CUSTOMERS
    assert sorted(drafted.tiers, key=str) == sorted(expected, key=str)
    for key, tier in expected.items():
        row = drafted.tiers[key]
        assert abs(Fraction(row["quantity"]) - tier.quantity) <= Fraction(1, 2 * 10**9), key
        assert Fraction(row["unit_price_unrounded"]) == tier.unit_price, key
        assert Fraction(row["flat_fee_unrounded"]) == tier.flat_fee, key
        assert abs(Fraction(row["amount_unrounded"]) - tier.amount) <= Fraction(1, 2 * STORED), key


def test_invoice_totals_are_the_sums_of_their_lines(drafted: Drafted) -> None:
    totals = invoice_totals(drafted.expected.values())
    assert {key: row["total_minor"] for key, row in drafted.invoices.items()} == totals


def test_parts_make_the_whole(drafted: Drafted) -> None:
    checks = ("assert_events_rated_are_events_measured", "assert_tiers_sum_to_lines")
    build(drafted.warehouse, ("--select", *checks))


@pytest.mark.skipif(not EXAMPLES, reason="the worked examples (../shared/oracle) are not here")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.example_id)
def test_worked_example(drafted: Drafted, example: PricingExample) -> None:
    customers = customers_of(example)
    rows = [row for key, row in drafted.lines.items() if key[0] in customers]
    if example.is_rounded:
        found = Fraction(sum(row["amount_minor"] for row in rows), 100)
    else:
        found = sum((Fraction(row["amount_unrounded"]) for row in rows), Fraction(0))
    assert found == Fraction(example.amount)
    if example.tiers is not None:
        tiers = [
            (row["tier_number"], row["quantity"], row["amount_unrounded"])
            for key, row in sorted(drafted.tiers.items(), key=str)
            if key[0] in customers
        ]
        assert tiers == list(example.tiers)


def test_late_usage_costs_what_it_would_have_cost_in_time(
    drafted: Drafted, billed_in_the_end: dict[tuple[str, str], int]
) -> None:
    """Last of the module, because it closes months of its warehouse."""
    contracts = random_catalog(SEED, customers=CUSTOMERS)
    usage = random_events(SEED, contracts, per_customer=30)
    expected: dict[tuple[str, str], int] = {}
    for line in draft_lines(contracts, usage, months=MONTHS, exponents=read_currencies()):
        key = (line.customer_id, line.price_id)
        expected[key] = expected.get(key, 0) + line.amount_minor
    ours = {customer.customer_id for customer in contracts.customers}
    found = {key: amount for key, amount in billed_in_the_end.items() if key[0] in ours}
    adjusted = read_rows(
        drafted.warehouse,
        "select count(*) as n from reporting.rpt_invoice_lines where line_type = 'adjustment'",
    )
    assert adjusted[0]["n"] > CUSTOMERS // 4
    assert {key: amount for key, amount in found.items() if amount} == {
        key: amount for key, amount in expected.items() if amount
    }


@pytest.mark.skipif(not EXAMPLES, reason="the worked examples (../shared/oracle) are not here")
@pytest.mark.parametrize("example", INVOICE_EXAMPLES, ids=lambda example: example.example_id)
def test_worked_invoice_example(drafted: Drafted, example: InvoiceExample) -> None:
    invoices, lines, credits_used = (
        [
            row
            for row in read_rows(drafted.warehouse, query)
            if row["customer_id"] == example.example_id
        ]
        for query in (INVOICES_QUERY, LINES_QUERY, CREDITS_QUERY)
    )
    scale = 10 ** read_currencies()[example.currency_code]
    for name, amount in example.amounts.items():
        if name == "exact":
            (line,) = lines
            assert round(line["amount_unrounded"], 9) == amount
        elif name in LINE_TYPES:
            found = sum(row["amount_minor"] for row in lines if row["line_type"] == name)
            assert Fraction(found, scale) == Fraction(amount), name
        else:
            found = sum(row[f"{name}_minor"] for row in invoices)
            assert Fraction(found, scale) == Fraction(amount), name
    used = {row["grant_id"]: Fraction(row["amount_minor"], scale) for row in credits_used}
    assert used == {grant: Fraction(amount) for grant, amount in example.credits_used.items()}


@pytest.mark.skipif(not EXAMPLES, reason="the worked examples (../shared/oracle) are not here")
def test_every_worked_example_is_reproduced_or_declared_otherwise() -> None:
    agreed = ("discount", "maximum_spend", "minimum_commitment", "package-036")  # of agreements
    assert [name for name in examples_left_out() if not name.startswith(agreed)] == []
