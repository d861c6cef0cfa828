"""Measures rating, drafting and closing a company, and what comes after the close."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.billing_runs import (
    AGGREGATES,
    EVERYTHING,
    RATED,
    land_late_events,
    land_usage,
    read_drafts,
    run_models,
)
from benchmarks.company import ENTITY, PRICES_OF_A_PLAN, add_customers, write_catalog
from benchmarks.throw_away import throw_away
from benchmarks.watching import seconds_of
from orchestration.closing import CloseReport, close_period
from warehouse import Warehouse
from warehouse.progress import progress

MONTHS = (date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1))
EVENTS_OF_A_CUSTOMER = 4
"""One for each price that measures something: the least that every later month has."""
LATE_EVENTS = 10_000
SMALLER = 10


def measure_close(
    folder: Path, *, customers: int, events: int, profile: bool = False
) -> dict[str, Any]:
    """Measures billing a company, and a tenth of it to compare.

    Args:
        folder: Where the warehouses are made; these go afterwards.
        customers: How many the company has.
        events: Usage events of its first month.
        profile: Whether to add the seconds of every model.

    Returns:
        The figures, for a JSON file: `rate_and_draft_s`, `close_s`, `customers`, `lines` and more.

    Raises:
        AssertionError: What was closed is not what was drafted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    few = max(customers // SMALLER, 1)
    with _company(folder, customers=few) as warehouse:
        small = _measure_first_month(warehouse, customers=few, events=events // SMALLER)
    with _company(folder, customers=customers) as warehouse:
        figures = _measure_first_month(warehouse, customers=customers, events=events)
        figures["late_batch"] = _measure_late_batch(warehouse, folder, customers=customers)
    nodes = figures.pop("nodes")
    return {
        **figures,
        "customers": customers,
        "prices": PRICES_OF_A_PLAN,
        "events": events,
        "smaller": {name: small[name] for name in ("rate_and_draft_s", "close_s", "lines")}
        | {"customers": few},
        "ratio_of_customers": round(customers / few, 2),
        "ratio_of_rate_and_draft": round(
            figures["rate_and_draft_s"] / small["rate_and_draft_s"], 2
        ),
        "ratio_of_close": round(figures["close_s"] / small["close_s"], 2),
        "machine": {"cores": os.cpu_count(), "system": platform.platform()},
        **({"profile": {"nodes": nodes}} if profile else {}),
    }


@contextmanager
def _company(folder: Path, *, customers: int) -> Iterator[Warehouse]:
    """Makes the company's warehouse; its catalog has landed, no usage has."""
    catalog = write_catalog(folder / "catalog")
    with throw_away(folder / "warehouse", catalog=catalog, building=False) as (warehouse, _):
        with progress().task(f"Making a company of {customers:,} customers", total=customers):
            add_customers(warehouse, customers=customers)
            run_models(warehouse, EVERYTHING)
        yield warehouse


def _measure_first_month(warehouse: Warehouse, *, customers: int, events: int) -> dict[str, Any]:
    """Measures a month's rating, drafting and close, from aggregates that are there."""
    with progress().task(f"Usage of {customers:,} customers", total=events, unit="events"):
        land_usage(warehouse, customers=customers, events=events, month_start=MONTHS[0])
        run_models(warehouse, AGGREGATES)
    with progress().task("Rating", total=customers, unit="customers"), seconds_of() as rating:
        nodes = run_models(warehouse, RATED)
    with progress().task("Drafting", total=customers, unit="invoices"), seconds_of() as drafting:
        drafted = read_drafts(warehouse)
    with progress().task("Closing", total=customers, unit="invoices"), seconds_of() as closing:
        report = _close(warehouse, MONTHS[0])
    if report.line_count != drafted["lines"]:
        raise AssertionError(f"{report.line_count} lines closed, {drafted['lines']} drafted")
    return {
        "rate_and_draft_s": round(rating.seconds + drafting.seconds, 2),
        "rate_s": round(rating.seconds, 2),
        "draft_s": round(drafting.seconds, 2),
        "close_s": round(closing.seconds, 2),
        "lines": report.line_count,
        "nodes": nodes,
    }


def _measure_late_batch(warehouse: Warehouse, folder: Path, *, customers: int) -> dict[str, Any]:
    """Closes two more months, then measures a batch of late events to the drafts they correct."""
    with progress().task("Two more months", total=2, unit="months") as task:
        for month in MONTHS[1:]:
            few = EVENTS_OF_A_CUSTOMER * customers
            land_usage(warehouse, customers=customers, events=few, month_start=month)
            run_models(warehouse, AGGREGATES, RATED)
            _close(warehouse, month)
            task.advance(1)
        run_models(warehouse, AGGREGATES, RATED)
    with progress().task("A late batch", total=LATE_EVENTS, unit="events"):
        with seconds_of() as landing:
            land_late_events(warehouse, folder, customers=customers, events=LATE_EVENTS)
        with seconds_of() as building:
            nodes = run_models(warehouse, AGGREGATES, RATED)
        with seconds_of() as drafting:
            drafted = read_drafts(warehouse)
    return {
        "events": LATE_EVENTS,
        "seconds": round(landing.seconds + building.seconds + drafting.seconds, 2),
        "land_s": round(landing.seconds, 2),
        "build_s": round(building.seconds, 2),
        "draft_s": round(drafting.seconds, 2),
        "draft_lines": drafted["lines"],
        "slowest": dict(sorted(nodes.items(), key=lambda node: -node[1])[:8]),
    }


def _close(warehouse: Warehouse, month: date) -> CloseReport:
    closed_at = datetime(month.year, month.month + 1, 10, tzinfo=UTC)
    return close_period(warehouse, legal_entity_id=ENTITY, period_start=month, closed_at=closed_at)
