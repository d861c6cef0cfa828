"""Lines are explained in words and rows whose figures come from the views."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dashboards import invoice_explanation
from dashboards.invoice_detail import sum_checks
from dashboards.invoice_queries import Invoice, InvoiceLine, LineTier

LINE = InvoiceLine(
    line_key="k",
    line_number=1,
    line_type="charge",
    adjusted_line_type=None,
    subscription_id="s",
    plan_name="Plan",
    price_id="calls",
    price_version_id="calls@2026-01-01",
    charge_model="graduated",
    label="Calls",
    meter_id="calls",
    meter_name="API calls",
    unit="calls",
    dimension_filter='{"region": "eu", "model": "large"}',
    service_start=date(2026, 9, 1),
    service_end=date(2026, 10, 1),
    quantity=Decimal("1500000.000000000"),
    amount_unrounded=Decimal("550.004500000000"),
    amount_minor=55000,
    invoice_line_count=1,
    invoice_amount_minor=Decimal(55000),
)
INVOICE = Invoice(
    invoice_key="i",
    invoice_number="N-1",
    status="closed",
    legal_entity_id="e",
    legal_entity_name="Entity",
    customer_id="c",
    customer_name="Customer",
    currency_code="EUR",
    currency_exponent=2,
    period_start=date(2026, 9, 1),
    period_end=date(2026, 10, 1),
    issued_at=None,
    due_on=None,
    line_count=1,
    subtotal_minor=55000,
    tax_minor=0,
    taxes_minor=0,
    credit_minor=0,
    total_minor=55000,
    lines_taxes_credits_minor=55000,
    adjustment_minor=0,
    catalog_version=1,
)


def tier(number: int, up_to: str | None, quantity: str, price: str, fee: str) -> LineTier:
    limit = Decimal(up_to) if up_to else None
    amount = Decimal(quantity) * Decimal(price) + Decimal(fee)
    whole = Decimal("550.0045")
    numbers = (limit, Decimal(quantity), Decimal(price), Decimal(fee), amount, whole)
    return LineTier("k", number, *numbers)


def test_graduated_tiers_read_first_and_next() -> None:
    tiers = [tier(1, "1000000", "1000000", "0.0004", "5"), tier(2, None, "500000", "0.0003", "0")]
    rows = invoice_explanation.tier_rows(LINE, tiers, exponent=2, currency="EUR")
    assert rows == [
        {
            "Step": "First 1,000,000 (up to 1,000,000)",
            "Quantity": "1,000,000",
            "Unit price": "0.0004",
            "Fixed fee": "5.00",
            "Comes to (EUR)": "405.00",
        },
        {
            "Step": "Next 500,000",
            "Quantity": "500,000",
            "Unit price": "0.0003",
            "Fixed fee": "0.00",
            "Comes to (EUR)": "150.00",
        },
    ]


@pytest.mark.parametrize(
    ("model", "number", "words"),
    [
        ("volume", 2, "All, in tier 2 (up to 10)"),
        ("package", 1, "Packages"),
        ("per_unit", 1, "All that is billed"),
        ("per_unit", 0, "Free (up to 10)"),
        ("graduated", 0, "Free (up to 10)"),
        ("flat", 1, "Share of the fee"),
        ("percentage", 1, "At the rate"),
        ("percentage", 2, "Raised to the minimum"),
        ("percentage", 3, "Lowered to the maximum"),
    ],
)
def test_steps_of_other_models(model: str, number: int, words: str) -> None:
    line = replace(LINE, charge_model=model)
    step = tier(number, "10", "8", "1", "0")
    assert invoice_explanation.step_words(line, step) == words


def test_an_adjustment_names_its_own_service_period() -> None:
    words = invoice_explanation.charge_words(replace(LINE, line_type="adjustment"))
    assert "Adjustment for 2026-09-01 to 2026-09-30" in words


def test_a_line_without_a_price_says_what_it_is() -> None:
    line = replace(
        LINE, line_type="true_up", charge_model=None, price_id=None, price_version_id=None
    )
    words = invoice_explanation.charge_words(line)
    assert words.startswith("What is missing to the minimum that was committed to. Service period")
    assert invoice_explanation.kind_words(line) == "True up"
    assert invoice_explanation.price_words(line) == ""
    assert invoice_explanation.price_words(LINE).startswith("Price calls, version calls@2026")


def test_rounding_is_told() -> None:
    assert (
        invoice_explanation.rounding_words(LINE, exponent=2, currency="EUR")
        == "550.0045 rounded once to 550.00 EUR."
    )
    exact = replace(LINE, amount_unrounded=Decimal("550.000000000000"))
    words = invoice_explanation.rounding_words(exact, exponent=2, currency="EUR")
    assert words == "Exactly 550.00 EUR."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"region": "eu", "model": "large"}', r", for model = large, region = eu"),
        ("{}", ""),
        (None, ""),
        ("not json", ", for not json"),
    ],
)
def test_the_price_filter_reads_as_words(text: str | None, words: str) -> None:
    assert invoice_explanation.filter_words(replace(LINE, dimension_filter=text)) == words


def test_parts_match_the_whole_to_the_last_digit() -> None:
    assert invoice_explanation.matches(Decimal("1.50"), Decimal("1.5"))
    assert not invoice_explanation.matches(Decimal("1.500000000001"), Decimal("1.5"))


def test_a_flat_fee_has_no_quantity() -> None:
    fee = replace(LINE, charge_model="flat", meter_id=None, quantity=Decimal(0))
    assert not invoice_explanation.has_quantity(fee)
    assert "**" not in invoice_explanation.charge_words(fee)


def test_an_invoice_that_adds_up_is_ticked() -> None:
    checks = sum_checks(INVOICE, [LINE], {"k": [tier(1, None, "1", "1", "0")]})
    assert checks == [
        (True, "1 line adds up to 550.00 EUR"),
        (True, "steps add up exactly in 1 of 1 line"),
    ]


@pytest.mark.parametrize(
    ("invoice", "lines"),
    [
        (replace(INVOICE, subtotal_minor=55001), [LINE]),
        (replace(INVOICE, line_count=2), [LINE]),
        (INVOICE, []),
        (INVOICE, [replace(LINE, amount_unrounded=Decimal("550.004500000001"))]),
    ],
    ids=["another total", "a line is missing", "no lines", "the steps make another amount"],
)
def test_an_invoice_that_does_not_add_up_is_marked(
    invoice: Invoice, lines: list[InvoiceLine]
) -> None:
    checks = sum_checks(invoice, lines, {"k": [tier(1, None, "1", "1", "0")]})
    assert not all(is_right for is_right, _ in checks)


def test_steps_show_no_unit_price_and_percentages_a_rate() -> None:
    step, rate = tier(2, "20", "11", "0", "7.5"), tier(1, None, "100", "0.029", "0")
    line = replace(LINE, charge_model="stairstep")
    (row,) = invoice_explanation.tier_rows(line, [step], exponent=2, currency="EUR")
    assert row == {
        "Step": "All, in tier 2 (up to 20)",
        "Quantity": "11",
        "Fixed fee": "7.50",
        "Comes to (EUR)": "7.50",
    }
    line = replace(LINE, charge_model="graduated_percentage")
    (row,) = invoice_explanation.tier_rows(line, [rate], exponent=2, currency="EUR")
    assert (row["Step"], row["Rate"]) == ("First 100", "2.9 %")
