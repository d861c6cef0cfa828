"""How the total of an invoice is told: taxes inside and outside, exemptions, credits."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from dashboards.formatting import NOTHING
from dashboards.invoice_totals import total_checks, total_rows
from dashboards.total_queries import InvoiceCredit, InvoiceTax


def tax(**changes: Any) -> InvoiceTax:
    usual = {"treatment": "standard", "tax_exempt_reason": None, "country_code": "DE"}
    usual |= {"rate_percent": Decimal("19.000000000000"), "base_minor": 10_000, "tax_minor": 1_900}
    usual |= {"is_included": False, "invoice_tax_minor": Decimal(1_900)}
    return InvoiceTax(**{**usual, **changes})


def invoice(**changes: Any) -> Any:
    usual = {"currency_exponent": 2, "currency_code": "EUR", "subtotal_minor": 10_000}
    usual |= {"taxes_minor": 1_900, "credit_minor": 500, "total_minor": 11_400}
    return SimpleNamespace(**{**usual, "lines_taxes_credits_minor": 11_400, **changes})


CREDIT = InvoiceCredit("g", "Welcome", -500, Decimal(500))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Tax of 19 %"),
        ({"treatment": "reduced", "rate_percent": Decimal("5.500")}, "Reduced tax of 5.5 %"),
        ({"is_included": True}, "Tax of 19 %, inside the lines"),
        ({"treatment": "reverse_charge"}, "No tax: reverse charge, the customer owes it"),
        ({"treatment": "exempt"}, "No tax: exempt in DE"),
        ({"treatment": "exempt", "tax_exempt_reason": "Charity 7"}, "No tax: Charity 7"),
        ({"treatment": "none", "country_code": "US"}, "No tax: none is declared for US"),
    ],
)
def test_a_tax_is_said_in_words(changes: dict[str, Any], words: str) -> None:
    assert total_rows(invoice(), [tax(**changes)], [])[1][0] == words


def test_the_rows_lead_from_the_lines_to_the_total() -> None:
    assert total_rows(invoice(), [tax()], [CREDIT]) == [
        ("Lines", NOTHING, "100.00"),
        ("Tax of 19 %", "100.00", "19.00"),
        ("Prepaid credit: Welcome", NOTHING, "-5.00"),
        ("Total", NOTHING, "114.00"),
    ]
    assert total_rows(invoice(), [tax(is_included=True)], [])[1][2] == "(19.00)"


@pytest.mark.parametrize(
    ("changes", "is_whole"),
    [
        ({}, True),
        ({"taxes_minor": 1_899}, False),
        ({"credit_minor": 499}, False),
        ({"total_minor": 11_401}, False),
    ],
)
def test_parts_that_do_not_make_the_total_are_seen(changes: dict[str, Any], is_whole: bool) -> None:
    ((found, _),) = total_checks(invoice(**changes), [tax()], [CREDIT])
    assert found is is_whole


def test_an_invoice_that_is_its_lines_needs_no_second_check() -> None:
    bare = invoice(taxes_minor=0, credit_minor=0, total_minor=10_000)
    assert total_checks(bare, [], []) == []
    assert total_checks(invoice(), [], [])[0][0] is False
