"""Closing a billing month: one dbt operation, one transaction, as the finance role."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from orchestration.operations import run_operation
from warehouse import MeterhouseError, Role, Warehouse


@dataclass(frozen=True)
class Waiver:
    """A decision to close a month without the customers that are parked.

    Attributes:
        who: Who decides; it is written down.
        why: Why; it is written down.
    """

    who: str
    why: str


@dataclass(frozen=True)
class PeriodToClose:
    """One legal entity's billing month, to be closed.

    Attributes:
        legal_entity_id: Who issues the invoices.
        period_start: First day of the month.
        closed_at: The instant of closing, with a zone; also the date of issue.
        waiver: Why parked customers are left out; None when they stand against the close.
    """

    legal_entity_id: str
    period_start: date
    closed_at: datetime
    waiver: Waiver | None = None

    def __str__(self) -> str:
        return f"{self.legal_entity_id} {self.period_start:%Y-%m}"

    def as_arguments(self) -> dict[str, str | None]:
        """Returns the arguments of dbt's operation."""
        return {
            "legal_entity_id": self.legal_entity_id,
            "period_start": self.period_start.isoformat(),
            "closed_at": self.closed_at.isoformat(),
            "waive_parked": self.waiver.why if self.waiver else None,
            "who": self.waiver.who if self.waiver else None,
        }


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


@dataclass(frozen=True)
class ClosePreview:
    """What closing one legal entity's month would do.

    Attributes:
        legal_entity_id: Who issues.
        period_start: First day of the month.
        closed_before: The close, when the month is closed already.
        gates: Every gate with what stands against it, `problem` and `remedy`; null where nothing.
        totals: Invoices, lines and total that would be issued, by currency.
        invoices: The first invoices that would be issued, with their numbers.
    """

    legal_entity_id: str
    period_start: date
    closed_before: CloseReport | None
    gates: Sequence[Mapping[str, Any]]
    totals: Sequence[Mapping[str, Any]]
    invoices: Sequence[Mapping[str, Any]]

    @property
    def is_refused(self) -> bool:
        """Whether a gate stands against the close."""
        return any(gate["problem"] for gate in self.gates)


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
    warehouse: Warehouse,
    *,
    legal_entity_id: str,
    period_start: date,
    closed_at: datetime,
    waiver: Waiver | None = None,
) -> CloseReport:
    """Closes one legal entity's billing month: checks the gates, copies, numbers, freezes.

    Args:
        warehouse: The opened warehouse.
        legal_entity_id: Who issues the invoices.
        period_start: First day of the month.
        closed_at: The instant of closing, with a zone; also the date of issue.
        waiver: Why parked customers are left out; None when they stand against the close.

    Returns:
        What was done; closing a closed month does nothing and says so.

    Raises:
        MeterhouseError: A gate refuses: the message says which, and the remedy.
    """
    period = PeriodToClose(legal_entity_id, period_start, closed_at, waiver)
    return close_periods(warehouse, [period])[0]


def close_periods(warehouse: Warehouse, periods: Sequence[PeriodToClose]) -> list[CloseReport]:
    """Closes billing months in the order given, each in a transaction of its own.

    Args:
        warehouse: The opened warehouse.
        periods: The months.

    Returns:
        What was done, month by month.

    Raises:
        MeterhouseError: A gate refuses one of them; those before it stay closed.
    """
    known = {period: _find_close(warehouse, period, was_closed_before=True) for period in periods}
    waiting = [period for period in periods if known[period] is None]
    if waiting:
        run_operation(
            warehouse,
            "close_periods",
            {"periods": [period.as_arguments() for period in waiting]},
            refused=f"Closing {', '.join(map(str, waiting))} stopped at the first that a gate "
            "refuses; those before it are closed."
            if len(waiting) > 1
            else f"{waiting[0]} was not closed; nothing was changed.",
        )
    reports = []
    for period in periods:
        report = known[period] or _find_close(warehouse, period, was_closed_before=False)
        if report is None:
            raise MeterhouseError(
                f"{period} was not closed, and dbt gave no reason.",
                remedy="read dbt/close/dbt.log in the state folder",
            )
        reports.append(report)
    return reports


def preview_close(
    warehouse: Warehouse,
    *,
    legal_entity_id: str,
    period_start: date,
    closed_at: datetime,
    waiver: Waiver | None = None,
) -> ClosePreview:
    """Says what closing a legal entity's billing month would do; writes nothing.

    Args:
        warehouse: The opened warehouse.
        legal_entity_id: Who issues the invoices.
        period_start: First day of the month.
        closed_at: The instant of closing, with a zone.
        waiver: Why parked customers would be left out; None when they stand against the close.

    Returns:
        Every gate with its result, and what would be issued.
    """
    period = PeriodToClose(legal_entity_id, period_start, closed_at, waiver)
    known = _find_close(warehouse, period, was_closed_before=True)
    messages = (
        []
        if known
        else run_operation(
            warehouse,
            "close_period",
            {**period.as_arguments(), "dry_run": True},
            refused=f"What closing {period} would do is not known.",
        )
    )
    told = dict(
        message.removeprefix("dry run ").split(": ", 1)
        for message in messages
        if message.startswith("dry run ")
    )
    return ClosePreview(
        legal_entity_id=legal_entity_id,
        period_start=period_start,
        closed_before=known,
        gates=json.loads(told.get("gates", "[]")),
        totals=json.loads(told.get("totals", "[]")),
        invoices=json.loads(told.get("invoices", "[]")),
    )


def _find_close(
    warehouse: Warehouse, period: PeriodToClose, *, was_closed_before: bool
) -> CloseReport | None:
    query = """
        select closed_at, invoice_count, line_count from ops.closes
        where legal_entity_id = :legal_entity_id and period_start = :period_start
    """
    values = {
        "legal_entity_id": period.legal_entity_id,
        "period_start": period.period_start,
    }
    with warehouse.engine(Role.FINANCE).connect() as connection:
        row = connection.execute(text(query), values).one_or_none()
    if row is None:
        return None
    return CloseReport(
        legal_entity_id=period.legal_entity_id,
        period_start=period.period_start,
        was_closed_before=was_closed_before,
        invoice_count=row.invoice_count,
        line_count=row.line_count,
        closed_at=row.closed_at,
    )
