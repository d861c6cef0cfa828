"""Puts rows straight into the raw tables and runs dbt on them, for the tests of the dbt project.

The loader's own way is tested elsewhere; here a test says exactly what has landed, even what a
crash of the loader would leave behind.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from ingestion.catalog import load_catalog
from ingestion.texts import parse_properties
from orchestration.dbt_project import dbt_executable, project_arguments
from tests.drafting import dbt_target
from warehouse import Role, Warehouse

ADMITTED = "2026-10-20T00:00:00+00:00"  # landed_at of every load


@dataclass(frozen=True)
class Event:
    """A delivery that is an event; its line is its place in the load."""

    customer_id: str
    event_id: str
    occurred_at: str
    quantity: str = "1"
    event_type: str = "call"
    properties: str = "{}"


def install_catalog(warehouse: Warehouse, catalog: dict[str, Any]) -> None:
    """Land a catalog that is given as the content of its file."""
    folder = Path(tempfile.mkdtemp(prefix="meterhouse-catalog-"))
    (folder / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")
    load_catalog(warehouse, folder)


def insert_load(
    warehouse: Warehouse,
    events: list[Event],
    *,
    rejected: int = 0,
    copies: int = 1,
    missing: int = 0,
) -> int:
    """Insert a landed load.

    Args:
        warehouse: The warehouse.
        events: Its events, in order.
        rejected: How many lines that are no event follow them.
        copies: How often each row lands; more than once is what a crash can do.
        missing: How many more deliveries the load says it received than there are.

    Returns:
        The load's id.
    """
    with warehouse.engine(Role.LOADER).begin() as connection:
        load_id = connection.execute(
            text(
                "insert into ops.loads (state, source, mapping_name, mapping_sha256,"
                " received_count, event_count, rejected_count, landed_at)"
                " values ('landed', 'test', 'native', 'x', :events + :rejected, :events,"
                " :rejected, :at) returning load_id"
            ),
            {"events": len(events) + missing, "rejected": rejected, "at": ADMITTED},
        ).scalar_one()
        for _ in range(copies):
            _insert_rows(connection, load_id, events, rejected)
    return int(load_id)


def delivery_id(load_id: int, line: int) -> str:
    return f"{load_id:016x}:{line}"


def _insert_rows(connection: Any, load_id: int, events: list[Event], rejected: int) -> None:
    rows = [
        {
            "load": load_id,
            "delivery": delivery_id(load_id, line),
            "line": line,
            **event.__dict__,
            "spelled_properties": parse_properties(event.properties),
        }
        for line, event in enumerate(events, start=1)
    ]
    if rows:
        connection.execute(
            text(
                "insert into raw_usage.events values (:load, :delivery, 1, :line, :customer_id,"
                " :event_id, :event_type, :occurred_at, :quantity, :spelled_properties)"
            ),
            rows,
        )
    for line in range(len(events) + 1, len(events) + rejected + 1):
        connection.execute(
            text(
                "insert into raw_usage.rejected values (:load, :delivery, 1, :line,"
                " 'malformed_json', 'no object', '{')"
            ),
            {"load": load_id, "delivery": delivery_id(load_id, line), "line": line},
        )


def start_dbt(
    warehouse: Warehouse,
    *arguments: str,
    role: Role = Role.TRANSFORMER,
    target: str | None = None,
    crash_at: str = "",
) -> subprocess.Popen[str]:
    """Start dbt in a process of its own."""
    folder = target or dbt_target()
    command = [dbt_executable(), "--no-version-check", "--no-use-colors", *arguments]
    command += ["--target-path", folder, "--log-path", folder, *project_arguments()]
    environment = os.environ | warehouse.dbt_environment(role) | {"METERHOUSE_CRASH_AT": crash_at}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def dbt(warehouse: Warehouse, *arguments: str, role: Role = Role.TRANSFORMER) -> tuple[int, str]:
    """Run dbt; return its exit code and what it said, on one line."""
    process = start_dbt(warehouse, *arguments, role=role)
    output, _ = process.communicate()
    return process.returncode, " ".join(output.split())


def close(warehouse: Warehouse, entity: str, period_start: str, closed_at: str) -> tuple[int, str]:
    """Close a month as finance does; return dbt's exit code and what it said."""
    arguments = {"legal_entity_id": entity, "period_start": period_start, "closed_at": closed_at}
    return dbt(
        warehouse,
        "run-operation",
        "close_period",
        "--args",
        json.dumps(arguments),
        role=Role.FINANCE,
    )


def read_as_admin(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, read by the administrator."""
    engine = create_engine(warehouse.admin_url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


def change_as_admin(warehouse: Warehouse, statements: str) -> None:
    """Do by hand, as the administrator, what no part of the warehouse does."""
    engine = create_engine(warehouse.admin_url)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(statements)
    finally:
        engine.dispose()
