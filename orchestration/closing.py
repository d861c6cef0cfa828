"""Closing a billing month: one dbt operation, one transaction, as the finance role."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import text

from orchestration.dbt_project import dbt_executable, project_arguments
from warehouse import MeterhouseError, Problem, Role, Warehouse


@dataclass(frozen=True)
class CloseReport:
    """What closing one legal entity's month did.

    Attributes:
        legal_entity_id: Who issues.
        period_start: First day of the month.
        was_closed_before: Whether it was closed already, so that nothing was done.
        invoice_count: Invoices of the closed month.
        line_count: Their lines.
        closed_at: When it was closed.
    """

    legal_entity_id: str
    period_start: date
    was_closed_before: bool
    invoice_count: int
    line_count: int
    closed_at: datetime


def legal_entities(warehouse: Warehouse) -> list[str]:
    """Returns the ids of the legal entities in the newest landed catalog."""
    query = """
        select legal_entity_id from raw_catalog.legal_entities
        where catalog_version = (
            select max(catalog_version) from ops.catalog_versions where state = 'landed'
        )
        order by legal_entity_id
    """
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        return list(connection.execute(text(query)).scalars())


def close_period(
    warehouse: Warehouse, *, legal_entity_id: str, period_start: date, closed_at: datetime
) -> CloseReport:
    """Closes one legal entity's billing month: checks the gates, copies, numbers, freezes.

    Args:
        warehouse: The opened warehouse.
        legal_entity_id: Who issues the invoices.
        period_start: First day of the month.
        closed_at: The instant of closing, with a zone; also the date of issue.

    Returns:
        What was done; closing a closed month does nothing and says so.

    Raises:
        MeterhouseError: A gate refuses: the message says which, and the remedy.
    """
    known = _find_close(warehouse, legal_entity_id, period_start, was_closed_before=True)
    if known is not None:
        return known
    target = warehouse.state_dir / "dbt" / "close"
    target.mkdir(parents=True, exist_ok=True)
    arguments = {
        "legal_entity_id": legal_entity_id,
        "period_start": period_start.isoformat(),
        "closed_at": closed_at.isoformat(),
    }
    command = [dbt_executable(), "--no-version-check", "--no-use-colors", "--log-format", "json"]
    command += ["run-operation", "close_period", "--args", json.dumps(arguments)]
    command += ["--target-path", str(target), "--log-path", str(target), *project_arguments()]
    finished = subprocess.run(
        command,
        env={**os.environ, **warehouse.dbt_environment(Role.FINANCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise MeterhouseError(
            f"{legal_entity_id} {period_start:%Y-%m} was not closed; nothing was changed.",
            problems=_refusals(finished.stdout),
        )
    report = _find_close(warehouse, legal_entity_id, period_start, was_closed_before=False)
    if report is None:
        raise MeterhouseError(
            f"{legal_entity_id} {period_start:%Y-%m} was not closed, and dbt gave no reason.",
            remedy=f"read {_shown(target, warehouse.state_dir)}/dbt.log",
        )
    return report


def _find_close(
    warehouse: Warehouse, legal_entity_id: str, period_start: date, *, was_closed_before: bool
) -> CloseReport | None:
    query = """
        select closed_at, invoice_count, line_count from ops.closes
        where legal_entity_id = :legal_entity_id and period_start = :period_start
    """
    values = {"legal_entity_id": legal_entity_id, "period_start": period_start}
    with warehouse.engine(Role.FINANCE).connect() as connection:
        row = connection.execute(text(query), values).one_or_none()
    if row is None:
        return None
    return CloseReport(
        legal_entity_id=legal_entity_id,
        period_start=period_start,
        was_closed_before=was_closed_before,
        invoice_count=row.invoice_count,
        line_count=row.line_count,
        closed_at=row.closed_at,
    )


def _refusals(output: str) -> list[Problem]:
    """Takes out of dbt's JSON log lines what stands against a close: `- problem: remedy`."""
    messages = []
    for line in output.splitlines():
        try:
            info = json.loads(line)["info"]
        except (ValueError, KeyError):
            continue
        if info["level"] == "error":
            messages += [part.strip() for part in str(info["msg"]).splitlines()]
    refusals = [message[2:].partition(": ") for message in messages if message.startswith("- ")]
    if refusals:
        return [Problem(message=found, remedy=remedy) for found, _, remedy in refusals]
    return [Problem(message=" ".join(messages) or "dbt failed without a message")]


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
