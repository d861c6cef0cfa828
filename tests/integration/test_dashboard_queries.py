"""What pages ask of the database, and what they hand over, without a page."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import BytesIO, StringIO

from sqlalchemy import text

from dashboards import invoice_queries, queries, usage_queries
from dashboards.connection import source_name
from tests import billed_company as company
from warehouse import Role, Warehouse


def test_the_groups_of_the_chart_add_up_to_the_total(
    read_from: Callable[[Warehouse], None], billed_company: Warehouse
) -> None:
    read_from(billed_company)
    chosen = usage_queries.UsageFilter(
        meter_id="calls",
        first_date=company.SEPTEMBER,
        last_date=company.OCTOBER.replace(day=31),
        customer_id=None,
        dimension=None,
    )
    daily = usage_queries.load_daily_usage("test", chosen)
    names = {row.group_name for row in daily}
    assert len(names) == usage_queries.TOP_GROUP_COUNT + 1
    assert usage_queries.OTHERS in names
    total = usage_queries.load_usage_total("test", chosen)
    assert sum(row.quantity for row in daily) == total.quantity


def test_the_usage_download_holds_what_the_filter_lets_through(
    read_from: Callable[[Warehouse], None], billed_company: Warehouse
) -> None:
    read_from(billed_company)
    chosen = usage_queries.UsageFilter(
        "calls", company.SEPTEMBER, company.SEPTEMBER.replace(day=30), "c04", None
    )
    buffer = BytesIO()
    assert usage_queries.write_usage_csv(chosen, target=buffer) == 1
    (row,) = csv.DictReader(StringIO(buffer.getvalue().decode(), newline=""))
    assert (row["usage_date"], row["quantity"]) == ("2026-09-10", "4000.000000000")
    assert row["customer_name"] == "'" + company.AWKWARD_NAMES[4]
    assert row["dimension_key"] == '{"model": "large"}'


def test_the_lines_of_an_invoice_can_be_downloaded(
    read_from: Callable[[Warehouse], None], billed_company: Warehouse
) -> None:
    read_from(billed_company)
    buffer = BytesIO()
    query = text(
        "select invoice_key from reporting.rpt_invoice_register"
        " where customer_id = 'c02' and status = 'closed'"
    )
    with billed_company.engine(Role.REPORTER).connect() as connection:
        key = connection.execute(query).scalar_one()
    assert invoice_queries.write_invoice_lines_csv(key, target=buffer) == 2
    rows = list(csv.DictReader(StringIO(buffer.getvalue().decode(), newline="")))
    assert [row["amount_minor"] for row in rows] == ["4900", "1500"]


def test_the_data_version_tells_databases_apart(
    read_from: Callable[[Warehouse], None], billed_company: Warehouse, deployed: Warehouse
) -> None:
    versions = set()
    for warehouse in (billed_company, deployed):
        read_from(warehouse)
        versions.add(queries.load_freshness(source_name())[1])
    assert len(versions) == 2
