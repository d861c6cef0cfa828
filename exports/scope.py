# ruff: noqa: S608  (the parts that are put together are constants of this package)
"""Which invoices an export is about, and what the database says of them as a whole."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from exports.documents import SCOPE, Document
from exports.verification import ControlTotal, HeaderSums
from warehouse import MeterhouseError

NAME_LETTERS = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Scope:
    """Which invoices.

    Attributes:
        period_start: First day of the billing month; None for all months.
        legal_entity_id: Who issued them; None for all.
        include_drafts: Whether drafts are in it.
    """

    period_start: date | None
    legal_entity_id: str | None
    include_drafts: bool

    def __post_init__(self) -> None:
        """Refuses a day that starts no month."""
        if self.period_start is not None and self.period_start.day != 1:
            raise MeterhouseError(
                f"{self.period_start} is not the first day of a month.",
                remedy=f"write {self.period_start.replace(day=1)} for that month",
            )

    @property
    def parameters(self) -> dict[str, object]:
        """Values of the parameters of the documents' statements."""
        return asdict(self)

    @property
    def folder_name(self) -> str:
        """Name of the folder of this export; another scope has another name."""
        parts = ["invoices", f"{self.period_start:%Y-%m}" if self.period_start else "all"]
        if self.legal_entity_id is not None:
            safe = NAME_LETTERS.sub("-", self.legal_entity_id)
            if safe != self.legal_entity_id:
                safe += f"-{hashlib.sha256(self.legal_entity_id.encode()).hexdigest()[:8]}"
            parts.append(safe)
        if self.include_drafts:
            parts.append("with-drafts")
        return "_".join(parts)


@dataclass(frozen=True)
class State:
    """What the database says of the scope, beside the rows.

    Attributes:
        data_as_of: When the newest load that is counted had landed; None without loads.
        catalog_versions: Versions of the catalog that the invoices were rated with, ascending.
        drafts_left_out: Drafts that the scope leaves out.
    """

    data_as_of: datetime | None
    catalog_versions: tuple[int, ...]
    drafts_left_out: int


AS_OF = "select data_as_of from reporting.rpt_data_freshness"

REGISTER_STATE = """
select
    array_agg(distinct catalog_version order by catalog_version)
        filter (where :include_drafts or status = 'closed') as catalog_versions,
    count(*) filter (where not :include_drafts and status = 'draft') as drafts_left_out
from reporting.rpt_invoice_register
where (cast(:period_start as date) is null or period_start = :period_start)
    and (cast(:legal_entity_id as text) is null or legal_entity_id = :legal_entity_id)
"""

HEADER_SUMS = f"""
select
    register.currency_code, sum(register.subtotal_minor) as subtotal_minor,
    sum(register.tax_minor) as tax_minor, sum(register.included_tax_minor) as included_tax_minor,
    sum(register.credit_minor) as credit_minor, sum(register.total_minor) as total_minor
from reporting.rpt_invoice_register as register
{SCOPE}
group by register.currency_code
"""

LEGAL_ENTITIES = """
select distinct legal_entity_id from reporting.rpt_customers order by legal_entity_id
"""


def read_state(connection: Connection, scope: Scope) -> State:
    """Reads what holds for the whole scope.

    Args:
        connection: A connection of the read-only role, in the export's transaction.
        scope: Which invoices.
    """
    as_of = connection.execute(text(AS_OF)).scalar_one()
    register = connection.execute(text(REGISTER_STATE), scope.parameters).one()
    return State(
        data_as_of=as_of.astimezone(UTC) if as_of else None,
        catalog_versions=tuple(register.catalog_versions or ()),
        drafts_left_out=register.drafts_left_out,
    )


def read_control_totals(
    connection: Connection, document: Document, scope: Scope
) -> tuple[ControlTotal, ...]:
    """Reads count and sum of each currency, as the database adds them up."""
    rows = connection.exec_driver_sql(document.control_totals, scope.parameters)
    return tuple(
        ControlTotal(
            currency_code=row.currency_code,
            currency_exponent=row.currency_exponent,
            row_count=row.row_count,
            amount_minor=_whole(row.amount_minor),
            amount=row.amount,
        )
        for row in rows
    )


def read_header_sums(connection: Connection, scope: Scope) -> tuple[HeaderSums, ...]:
    """Reads what the headers come to in each currency."""
    rows = connection.exec_driver_sql(HEADER_SUMS, scope.parameters).mappings()
    return tuple(
        HeaderSums(
            currency_code=row["currency_code"],
            **{name: _whole(row[name]) for name in row if name.endswith("_minor")},
        )
        for row in rows
    )


def check_legal_entity(connection: Connection, scope: Scope) -> None:
    """Refuses a legal entity that the catalog doesn't know.

    Raises:
        MeterhouseError: There is no such legal entity.
    """
    if scope.legal_entity_id is None:
        return
    known = list(connection.execute(text(LEGAL_ENTITIES)).scalars())
    if scope.legal_entity_id not in known:
        raise MeterhouseError(
            f"There is no legal entity {scope.legal_entity_id}.",
            remedy=f"choose one of {', '.join(known)}" if known else "load a catalog first",
        )


def _whole(value: Decimal) -> int:
    if value != value.to_integral_value():
        raise AssertionError(f"{value} is not a whole number of minor units")
    return int(value)
