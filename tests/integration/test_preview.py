"""The drafts of one customer, now and as of an instant, are what the models say for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.preview import Preview, preview
from tests.drafting import read_rows
from warehouse import MeterhouseError, Role, Warehouse

END_OF_OCTOBER = datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC)


def lines_of(found: Preview, month: str) -> dict[str, tuple[str, int]]:
    """Return label to quantity and amount of the lines of a draft."""
    return {
        f"{line['label']} {line['line_type']}": (
            format(line["quantity"].normalize(), "f")
            if hasattr(line["quantity"], "normalize")
            else str(line["quantity"]),
            line["amount_minor"],
        )
        for invoice in found.invoices
        if invoice["period_start"] == month
        for line in invoice["lines"]
    }


def drafted(warehouse: Warehouse, customer_id: str) -> list[dict[str, Any]]:
    query = (
        "select invoice_key, total_minor, line_count from marts.fct_draft_invoices"
        f" where customer_id = '{customer_id}'"
    )
    return read_rows(warehouse, query, Role.TRANSFORMER)


def test_the_preview_is_the_draft_and_says_what_waits(billed_company: Warehouse) -> None:
    found = preview(billed_company, "c03")
    assert found.pending_loads == 1
    assert [
        {name: invoice[name] for name in ("invoice_key", "total_minor", "line_count")}
        for invoice in found.invoices
    ] == drafted(billed_company, "c03")
    for invoice in found.invoices:
        assert sum(line["amount_minor"] for line in invoice["lines"]) == invoice["subtotal_minor"]
    tiers = [line["tiers"] for line in found.invoices[0]["lines"] if line["line_type"] == "charge"]
    assert any(tiers)


@pytest.mark.parametrize("customer", ["c01", "c03", "c12", "j01", "u01"])
def test_as_of_the_end_of_all_usage_it_is_the_current_draft(
    billed_company: Warehouse, customer: str
) -> None:
    now = preview(billed_company, customer)
    then = preview(billed_company, customer, as_of=END_OF_OCTOBER)
    assert list(then.invoices) == list(now.invoices)


def test_usage_counts_from_its_instant_on(billed_company: Warehouse) -> None:
    noon = datetime(2026, 10, 10, 12, tzinfo=UTC)
    before = lines_of(preview(billed_company, "c02", as_of=noon), "2026-10-01")
    after = lines_of(
        preview(billed_company, "c02", as_of=noon.replace(microsecond=1)), "2026-10-01"
    )
    assert before == {"Base fee charge": ("0", 4900)}
    assert after == {"Base fee charge": ("0", 4900), "API calls charge": ("1000", 1000)}


def test_before_the_close_the_month_is_a_draft(billed_company: Warehouse) -> None:
    found = preview(billed_company, "c03", as_of=datetime(2026, 10, 5, tzinfo=UTC))
    # 3,000 calls and the 200 that arrived late; October has begun, and has its base fee
    assert lines_of(found, "2026-09-01") == {
        "Base fee charge": ("0", 4900),
        "API calls charge": ("3200", 2100),
    }
    assert lines_of(found, "2026-10-01") == {"Base fee charge": ("0", 4900)}


def test_a_month_that_has_not_begun_is_not_there(billed_company: Warehouse) -> None:
    found = preview(billed_company, "c03", as_of=datetime(2026, 9, 15, tzinfo=UTC))
    assert [invoice["period_start"] for invoice in found.invoices] == ["2026-09-01"]


def test_an_unknown_customer_is_named(billed_company: Warehouse) -> None:
    with pytest.raises(MeterhouseError, match="No catalog version has a customer 'nobody'"):
        preview(billed_company, "nobody")
