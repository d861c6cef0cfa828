"""Runs the line on a throw-away warehouse for tests: land, build, close, and read what came out."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import text

from ingestion.loads import LoadReport, load_files
from orchestration.dbt_project import code_version, dbt_executable, project_arguments
from tests.oracle.invoicing import UsageEvent
from warehouse import Role, Warehouse

EVERYTHING = ("--exclude-resource-type", "unit_test", "test")
LOADS_ONLY = (
    *EVERYTHING,
    "--select",
    "config.materialized:load_applied",
    "config.materialized:replaced",
)

LINES_QUERY = """
    select
        lines.customer_id, register.period_start as month, lines.status, lines.line_type,
        lines.source_id, lines.subscription_id, lines.price_id, lines.price_version_id,
        lines.service_start, lines.discount_minor,
        lines.service_end, lines.quantity, lines.amount_unrounded, lines.amount_minor,
        lines.currency_code
    from reporting.rpt_invoice_lines as lines
    inner join reporting.rpt_invoice_register as register
        on lines.invoice_key = register.invoice_key
"""
TIERS_QUERY = """
    select
        lines.customer_id, register.period_start as month, lines.price_id, lines.price_version_id,
        tiers.tier_number, tiers.quantity, tiers.unit_price_unrounded, tiers.flat_fee_unrounded,
        tiers.amount_unrounded
    from reporting.rpt_invoice_line_tiers as tiers
    inner join reporting.rpt_invoice_lines as lines on tiers.line_key = lines.line_key
    inner join reporting.rpt_invoice_register as register
        on lines.invoice_key = register.invoice_key
"""
INVOICES_QUERY = """
    select
        customer_id, period_start as month, status, currency_code, subtotal_minor, tax_minor,
        included_tax_minor, credit_minor, total_minor, line_count
    from reporting.rpt_invoice_register
"""
TAXES_QUERY = """
    select
        customer_id, period_start as month, status, treatment, rate_percent, is_included,
        tax_exempt_reason, base_minor, tax_minor
    from reporting.rpt_invoice_taxes
"""
CREDITS_QUERY = """
    select customer_id, period_start as month, status, grant_id, amount_minor
    from reporting.rpt_credit_applications
"""


@cache
def dbt_target() -> str:
    """Returns the folder of this process in which dbt keeps what it has parsed."""
    return tempfile.mkdtemp(prefix="meterhouse-dbt-")


def write_events(path: Path, events: Iterable[UsageEvent]) -> Path:
    """Write events as native lines, in the order given."""
    with path.open("w", encoding="utf-8") as file:
        for event in events:
            file.write(json.dumps(line_of(event)) + "\n")
    return path


def line_of(event: UsageEvent) -> dict[str, Any]:
    """Return the native form of an event."""
    line = asdict(event) | {
        "occurred_at": event.occurred_at.isoformat(),
        "quantity": format(Decimal(event.quantity), "f"),
    }
    return line if event.properties else {k: v for k, v in line.items() if k != "properties"}


def land(warehouse: Warehouse, paths: list[Path]) -> LoadReport:
    """Land native files as one load."""
    return load_files(warehouse, paths)


def build(warehouse: Warehouse, selection: Iterable[str] = EVERYTHING) -> None:
    """Run dbt's models; the first build of a warehouse needs all of them."""
    target = dbt_target()
    command = [dbt_executable(), "--no-version-check", "--quiet", "build", *selection]
    command += ["--vars", json.dumps({"code_version": code_version()})]
    command += ["--target-path", target, "--log-path", target, *project_arguments()]
    finished = subprocess.run(
        command,
        env={**os.environ, **warehouse.dbt_environment(Role.TRANSFORMER)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-2000:]


def read_rows(warehouse: Warehouse, query: str, role: Role = Role.REPORTER) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    with warehouse.engine(role).connect() as connection:
        return [dict(row) for row in connection.execute(text(query)).mappings()]
