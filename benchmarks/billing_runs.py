"""The steps of a billing run, one by one, so that each can be measured."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import date
from pathlib import Path

from sqlalchemy import create_engine, text

from benchmarks.history import FILE, LAND, OPEN
from ingestion.loads import load_files
from orchestration.dbt_project import (
    code_version,
    dbt_executable,
    project_arguments,
    read_run_results,
)
from warehouse import Role, Warehouse

AGGREGATES = "config.materialized:load_applied"
RATED = "config.materialized:replaced"
EVERYTHING = "fqn:*"
USAGE = """
insert into raw_usage.events
select
    :load_id,
    'company:' || :load_id || ':' || number,
    1,
    number,
    'cus_' || lpad((number % :customers + 1)::text, 7, '0'),
    'evt_' || :load_id || '_' || number,
    (array['calls', 'tokens', 'storage', 'mails'])[(number / :customers) % 4 + 1],
    cast(:month_start as timestamptz) + (number * 7919 % 2592000) * interval '1 second',
    number * 31 % 4000 + 1,
    '{}'
from generate_series(0::bigint, cast(:events as bigint) - 1) as number
"""
DRAFTS = """
select
    (select sum(total_minor) from marts.fct_draft_invoices) as total_minor,
    (select count(*) from marts.fct_draft_invoice_lines where amount_minor is not null) as lines,
    (select sum(amount_unrounded) from marts.fct_draft_invoice_line_tiers) as tiers
"""


def land_usage(
    warehouse: Warehouse, *, customers: int, events: int, month_start: date, statement: str = USAGE
) -> None:
    """Lands usage of a month, spread evenly over customers, event types and days.

    Args:
        warehouse: The warehouse.
        customers: How many customers use something.
        events: How many events in all.
        month_start: The month.
        statement: What makes the events.
    """
    engine = create_engine(warehouse.admin_url)
    with engine.begin() as connection:
        load_id = connection.execute(text(OPEN)).scalar_one()
        values = {"load_id": load_id, "events": events}
        more = {"customers": customers, "month_start": month_start.isoformat()}
        for made, bound in ((statement, values | more), (FILE, values), (LAND, values)):
            prepared = text(made).bindparams(
                **{name: value for name, value in bound.items() if f":{name}" in made}
            )
            connection.exec_driver_sql(
                str(prepared.compile(engine, compile_kwargs={"literal_binds": True}))
            )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze raw_usage.events"))
    engine.dispose()


def land_late_events(warehouse: Warehouse, folder: Path, *, customers: int, events: int) -> None:
    """Lands a file of events that happened in July to September 2026, each of another customer."""
    file = folder / "late.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for number in range(events):
            line = {
                "event_id": f"late_{number}",
                "customer_id": f"cus_{number * 7919 % customers + 1:07}",
                "event_type": "calls",
                "occurred_at": f"2026-{7 + number % 3:02}-{number % 28 + 1:02}T12:00:00Z",
                "quantity": "3",
            }
            stream.write(json.dumps(line) + "\n")
    load_files(warehouse, [file])


def run_models(warehouse: Warehouse, *selection: str) -> dict[str, float]:
    """Brings models up to date, without data tests.

    Args:
        warehouse: The warehouse.
        selection: What dbt selects; any of it.

    Returns:
        Each model's seconds.

    Raises:
        AssertionError: dbt failed.
    """
    target = warehouse.state_dir / "dbt" / "bench"
    command = [dbt_executable(), "--no-version-check", "--quiet", "build"]
    command += ["--exclude-resource-type", "test", "unit_test", "--select", *selection]
    command += ["--vars", json.dumps({"code_version": code_version()})]
    command += ["--target-path", str(target), "--log-path", str(target), *project_arguments()]
    finished = subprocess.run(
        command,
        env={**os.environ, **warehouse.dbt_environment(Role.TRANSFORMER)},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise AssertionError(finished.stdout[-4000:])
    results = read_run_results(target)["results"]
    return {
        str(result["unique_id"]).split(".")[2]: round(result["execution_time"], 3)
        for result in results  # type: ignore[attr-defined]  # a list in dbt's own file
    }


def read_drafts(warehouse: Warehouse) -> dict[str, int]:
    """Computes every draft invoice with its lines and tiers.

    Returns:
        Their total in minor units, and the number of lines.
    """
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        row = connection.execute(text(DRAFTS)).one()
    return {"total_minor": int(row.total_minor or 0), "lines": row.lines}
