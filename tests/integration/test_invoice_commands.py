"""A closed invoice is shown whole, a line is explained by its events, a dry run writes nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from audit.explaining import explain
from audit.invoices import read_invoice
from cli.app import app
from orchestration.closing import preview_close
from tests.billed_company import OCTOBER, OCTOBER_EUR_MINOR, SEPTEMBER
from tests.dbt_harness import read_as_admin
from warehouse import MeterhouseError, Warehouse

THIRD = "NEU-2026-000003"
CLOSED_AT = datetime(2026, 11, 4, tzinfo=UTC)
COUNTS = """
    select (select count(*) from ops.closes), (select count(*) from marts.fct_invoices),
        (select sum(last_number) from ops.invoice_number_series)
"""


def test_an_invoice_has_its_lines_tiers_and_price_versions(billed_company: Warehouse) -> None:
    found = read_invoice(billed_company, THIRD)
    assert (found.header["customer_id"], found.header["total_minor"]) == ("c03", 6900)
    assert found.header["due_on"] == date(2026, 11, 5)
    assert found.header["legal_entity_address"] == "1 Example Street"
    assert found.header["legal_entity_country_code"] == "SE"
    fee, calls = found.lines
    assert (fee["amount_minor"], fee["flat_amount_unrounded"]) == (4900, Decimal("49"))
    assert (calls["price_version_id"], calls["quantity"]) == (
        "calls_graduated@2026-01-01",
        Decimal(3000),
    )
    # 1,000 at 0.01, then 2,000 at 0.005: 20.00
    assert [(tier["quantity"], tier["amount_unrounded"]) for tier in calls["tiers"]] == [
        (1000, 10),
        (2000, 10),
    ]


def test_an_invoice_has_its_taxes_and_credits(
    billed_company: Warehouse, environment_of: Callable[[Warehouse], dict[str, str]]
) -> None:
    found = read_invoice(billed_company, "NJP-2026-000001")
    assert [(tax["rate_percent"], tax["tax_minor"]) for tax in found.taxes] == [(10, 30)]
    assert [credit["paid_minor"] for credit in found.credits_used] == [-30]
    shown = subprocess.run(
        [sys.executable, "-m", "cli", "invoice", "show", "NJP-2026-000001"],
        env=environment_of(billed_company),
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    words = [" ".join(line.split()) for line in shown.stdout.splitlines() if line.strip()]
    assert words[-4:] == [
        "Lines 300",
        "Tax of 10 %, on 300 30",
        "Prepaid credit: Welcome -30",
        "Total 300",
    ]


def test_a_line_leads_to_its_event(billed_company: Warehouse) -> None:
    # the late event of the same month is not in it: the close had not seen its load
    found = explain(billed_company, THIRD, 2)
    (day,), (event,) = found.days, found.events
    assert (day["usage_date"], day["quantity_sum"]) == (date(2026, 9, 10), Decimal(3000))
    assert (event["event_id"], event["file_name"], event["line_number"]) == (
        "sep-3",
        "first.jsonl",
        5,
    )
    assert found.counted == found.aggregated
    assert (found.measured_quantity, found.differences) == (Decimal(3000), [])
    assert not explain(billed_company, THIRD, 1).is_of_usage
    beyond = explain(billed_company, THIRD, 2, first=1)
    assert (list(beyond.events), beyond.counted["event_count"]) == ([], 1)


def test_what_is_not_there_is_said_plainly(billed_company: Warehouse) -> None:
    with pytest.raises(MeterhouseError, match="No closed invoice has the number X-1"):
        read_invoice(billed_company, "X-1")
    with pytest.raises(MeterhouseError, match=f"Invoice {THIRD} has no line 9"):
        explain(billed_company, THIRD, 9)


def test_a_dry_run_says_everything_and_writes_nothing(billed_company: Warehouse) -> None:
    before = read_as_admin(billed_company, COUNTS)
    found = preview_close(
        billed_company, legal_entity_id="north_eu", period_start=OCTOBER, closed_at=CLOSED_AT
    )
    refused = [gate["gate"] for gate in found.gates if gate["problem"]]
    assert refused == ["completeness"]
    assert len({gate["gate"] for gate in found.gates}) == 6
    assert found.invoices[0]["invoice_number"] == "NEU-2026-000013"
    (total,) = found.totals
    assert (total["invoice_count"], total["total_minor"]) == (12, OCTOBER_EUR_MINOR)
    assert read_as_admin(billed_company, COUNTS) == before
    closed = preview_close(
        billed_company, legal_entity_id="north_eu", period_start=SEPTEMBER, closed_at=CLOSED_AT
    )
    assert closed.closed_before is not None
    assert not closed.is_refused


def test_the_commands(
    billed_company: Warehouse, environment_of: Callable[[Warehouse], dict[str, str]]
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        shown = CliRunner().invoke(app, arguments, env=environment_of(billed_company))
        assert shown.exception is None or isinstance(shown.exception, (SystemExit, MeterhouseError))
        return shown.exit_code, shown.output

    assert run("invoice", "show", THIRD)[0] == 0
    assert run("explain", THIRD, "2", "--limit", "1")[0] == 0
    assert run("explain", THIRD, "1")[0] == 0
    assert run("explain", THIRD, "7")[0] == 1
    assert run("close", "2026-10", "--dry-run", "--legal-entity", "north_eu")[0] == 1
    shown = CliRunner().invoke(
        app, ["invoice", "show", THIRD, "--json"], env=environment_of(billed_company)
    )
    assert shown.exit_code == 0, shown.exception
