"""Every folder here is a case: given a catalog and events, expect these lines and invoices.

All cases run in one warehouse: their catalogs are one catalog, and each has a legal entity, meters
and event types of its own. `given/closes.csv` closes months after the first build, and
`given/late_events.jsonl` arrives after that. Lines that begin with `#` in `expect/` say how the
figures below them come about.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from audit.explaining import explain
from ingestion.catalog import load_catalog
from orchestration.closing import PeriodToClose, close_periods
from tests.drafting import (
    CREDITS_QUERY,
    INVOICES_QUERY,
    LINES_QUERY,
    LOADS_ONLY,
    TAXES_QUERY,
    TIERS_QUERY,
    build,
    land,
    read_rows,
)
from warehouse import Warehouse

FOLDER = Path(__file__).parent
CASES = sorted(path.parent.name for path in FOLDER.glob("*/given"))
CASES_THAT_CLOSE = sorted(path.parents[1].name for path in FOLDER.glob("*/given/closes.csv"))
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def warehouse_of_cases(
    make_warehouse: Callable[[], Warehouse], tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """A warehouse with the catalogs and the first events of all cases."""
    warehouse = make_warehouse()
    catalog = tmp_path_factory.mktemp("scenarios")
    for case in CASES:
        shutil.copytree(FOLDER / case / "given" / "catalog", catalog / case)
    load_catalog(warehouse, catalog)
    land(warehouse, sorted(FOLDER.glob("*/given/events.jsonl")))
    build(warehouse)
    return warehouse


@pytest.fixture(scope="module")
def drafted(warehouse_of_cases: Warehouse) -> dict[str, Rows]:
    """What is drafted before anything is closed."""
    return read_billing(warehouse_of_cases)


@pytest.fixture(scope="module")
def closed(warehouse_of_cases: Warehouse, drafted: dict[str, Rows]) -> dict[str, Rows]:
    """What is closed and drafted once the cases' months are closed and late events are there."""
    periods = [
        PeriodToClose(
            case,
            date.fromisoformat(row["period_start"]),
            datetime.fromisoformat(row["closed_at"]),
        )
        for case in CASES_THAT_CLOSE
        for row in read_table(FOLDER / case / "given" / "closes.csv")
    ]
    close_periods(warehouse_of_cases, periods)
    land(warehouse_of_cases, sorted(FOLDER.glob("*/given/late_events.jsonl")))
    build(warehouse_of_cases, LOADS_ONLY)
    return read_billing(warehouse_of_cases)


def read_billing(warehouse: Warehouse) -> dict[str, Rows]:
    """Return all lines, tiers, invoices, taxes and credits."""
    queries = {
        "lines": LINES_QUERY,
        "tiers": TIERS_QUERY,
        "invoices": INVOICES_QUERY,
        "taxes": TAXES_QUERY,
        "credits": CREDITS_QUERY,
    }
    return {name: read_rows(warehouse, query) for name, query in queries.items()}


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file without its comments; none where there is no file."""
    if not path.exists():
        return []
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def of_case(rows: Rows, case: str, columns: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the rows of a case's customers, as sorted texts of some columns."""
    chosen = [row for row in rows if row["customer_id"].startswith(f"{case}_")]
    return sorted(tuple(shown(row[column]) for column in columns) for row in chosen)


def shown(value: object) -> str:
    """Return a value as it is written in the expected files, numbers without trailing zeros."""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def check(billing: dict[str, Rows], case: str) -> None:
    """Compare everything that a case expects."""
    for name in ("lines", "invoices", "tiers", "taxes", "credits"):
        expected = read_table(FOLDER / case / "expect" / f"{name}.csv")
        if name in {"taxes", "credits"} and not expected:
            assert of_case(billing[name], case, ["customer_id"]) == []
        if name not in {"lines", "invoices"} and not expected:
            continue
        assert expected, f"{name} are not stated"
        columns = list(expected[0])
        wanted = sorted(tuple(row[column] for column in columns) for row in expected)
        assert of_case(billing[name], case, columns) == wanted


@pytest.mark.parametrize("case", [case for case in CASES if case not in CASES_THAT_CLOSE])
def test_drafts(drafted: dict[str, Rows], case: str) -> None:
    check(drafted, case)


@pytest.mark.parametrize("case", CASES_THAT_CLOSE)
def test_closed_months_and_what_comes_after(closed: dict[str, Rows], case: str) -> None:
    check(closed, case)


def test_closed_lines_lead_to_the_events_that_they_are_made_of(
    warehouse_of_cases: Warehouse, closed: dict[str, Rows]
) -> None:
    assert closed["lines"]
    query = "select invoice_number, line_number from reporting.rpt_invoice_lines"
    lines = read_rows(warehouse_of_cases, f"{query} where status = 'closed' and meter_id > ''")
    assert len(lines) >= 10
    explained = [explain(warehouse_of_cases, *line.values()) for line in lines]
    found = [(item.line["price_id"], item.differences) for item in explained]
    assert [item for item in found if item[1]] == []


def test_every_case_says_what_it_is_about() -> None:
    assert len(CASES) >= 12
    for case in CASES:
        title, *rest = (FOLDER / case / "README.md").read_text().splitlines()
        assert title.startswith("# ")
        assert "".join(rest).strip(), case
