"""The files that loading is measured on: events of the sample company, made once and kept."""

from __future__ import annotations

import gzip
import shutil
from datetime import date
from pathlib import Path

import duckdb

from ingestion.catalog import read_catalog
from ingestion.generator import write_sample_usage
from warehouse.progress import progress
from warehouse.settings import PROJECT_ROOT

CATALOG = PROJECT_ROOT / "examples" / "llm_api" / "catalog"
FIRST_MONTH = date(2026, 8, 1)
MONTHS = 3
COLUMNS = (
    "{event_id: 'VARCHAR', customer_id: 'VARCHAR', event_type: 'VARCHAR', occurred_at: 'VARCHAR',"
    " quantity: 'DECIMAL(38,9)', properties: 'JSON'}"
)


def make_lines(
    folder: Path,
    *,
    events: int,
    seed: int,
    first_month: date = FIRST_MONTH,
    months: int = MONTHS,
) -> Path:
    """Makes one file of native lines: duplicates, faulty lines and late events among them.

    Args:
        folder: Where it is kept; a file of the same events and seed is taken as it is.
        events: Number of different proper events.
        seed: Seed of all that is random.
        first_month: First day of the first month that they occur in.
        months: Number of months.

    Returns:
        The file.
    """
    target = folder / f"usage-{events}-{seed}-{first_month:%Y-%m}-{months}.jsonl"
    if target.exists():
        return target
    days = folder / f"{target.stem}.days"
    shutil.rmtree(days, ignore_errors=True)
    customers = [customer.customer_id for customer in read_catalog(CATALOG).customers]
    with progress().task("Making events", unit="events") as task:
        report = write_sample_usage(
            days,
            customers=customers,
            events=events,
            seed=seed,
            first_month=first_month,
            months=months,
        )
        task.advance(report.received_count)
    partial = target.with_suffix(".partial")
    with partial.open("wb") as out:
        for path in report.files:
            with gzip.open(path) as day:
                shutil.copyfileobj(day, out, 1 << 20)
    shutil.rmtree(days)
    partial.replace(target)
    return target


def make_parquet(lines: Path) -> Path:
    """Makes a Parquet file of the same events; lines that are no event are left out.

    Args:
        lines: A file of native lines.

    Returns:
        The file, beside the other.
    """
    target = lines.with_suffix(".parquet")
    if not target.exists():
        partial = target.with_suffix(".partial")
        with duckdb.connect() as connection:
            connection.execute(
                "copy (select event_id, customer_id, event_type,"  # noqa: S608  our own paths
                " occurred_at, quantity, properties::varchar as properties"
                f" from read_json('{lines}', columns = {COLUMNS}, ignore_errors = true)"
                f" where {IS_EVENT}) to '{partial}' (format parquet, compression zstd)"
            )
        partial.replace(target)
    return target


def make_rows(lines: Path) -> Path:
    """Makes the rows that the same events land as, in Postgres' text format.

    Args:
        lines: A file of native lines.

    Returns:
        The file, beside the other.
    """
    target = lines.with_suffix(".copy")
    if not target.exists():
        partial = target.with_suffix(".partial")
        with duckdb.connect() as connection:
            connection.execute(
                "copy (select 1 as load_id,"  # noqa: S608  our own paths
                " '0123456789abcdef:' || row_number() over () as delivery_id,"
                " 1 as file_number, row_number() over () as line_number, customer_id, event_id,"
                " event_type, occurred_at, quantity, properties::varchar as properties"
                f" from read_json('{lines}', columns = {COLUMNS}, ignore_errors = true)"
                f" where {IS_EVENT}) to '{partial}' (format csv, header false)"
            )
        partial.replace(target)
    return target


IS_EVENT = (
    "event_id is not null and quantity is not null"
    " and try_cast(occurred_at as timestamptz) is not null"
)
"""What is left of a line that DuckDB could not read is null."""
