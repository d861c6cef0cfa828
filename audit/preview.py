"""The draft invoices of one customer, as they are or as they were to come at an instant."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from audit.preview_queries import DRAFTS, VALUED_ON_THE_DAY, replacements_of
from audit.snapshots import Row, select, snapshot
from warehouse import MeterhouseError, Warehouse

_KNOWN = text("select 1 from staging.stg_catalog__customers where customer_id = :customer_id")
_PENDING = text("""
    select count(*) as loads from ops.loads
    where state = 'landed' and not exists (
        select from ops.rated_loads
        where rated_loads.model_name = 'fct_usage_events' and rated_loads.load_id = loads.load_id
    )
""")
_STACKED = text("""
    select ops.stacked_query(:query, array[cast(:customer_id as text)], cast(:replaced as jsonb))
""")


@dataclass(frozen=True)
class Preview:
    """What a customer would be billed.

    Attributes:
        customer_id: The customer.
        as_of: Usage before this instant counts; None: everything that is rated.
        invoices: The headers of the drafts, by column, oldest first; each with `lines`, and these
            with `tiers`.
        pending_loads: Landed loads that are not in the drafts yet.
    """

    customer_id: str
    as_of: datetime | None
    invoices: Sequence[Row]
    pending_loads: int


def preview(warehouse: Warehouse, customer_id: str, *, as_of: datetime | None = None) -> Preview:
    """Computes the drafts of one customer, by the models that all drafts come from.

    Args:
        warehouse: The warehouse.
        customer_id: The customer.
        as_of: Count usage before this instant, the periods that had begun and the closes that had
            been done by then; the catalog is today's. None: the current drafts.

    Raises:
        MeterhouseError: No catalog names the customer, nothing was built yet, or the instant is
            within a day on which the customer has values that are kept by day.
    """
    with snapshot(warehouse) as connection:
        if not select(connection, _KNOWN, customer_id=customer_id):
            raise MeterhouseError(
                f"No catalog version has a customer '{customer_id}'.",
                remedy="write the customer_id as the catalog does; land the catalog and build",
            )
        replaced: dict[str, str] = {}
        if as_of is not None:
            as_of = as_of.astimezone(UTC)
            _check_whole_days(connection, customer_id, as_of)
            replaced = replacements_of(connection, customer_id, as_of)
        values = {"query": DRAFTS, "customer_id": customer_id, "replaced": json.dumps(replaced)}
        query = connection.execute(_STACKED, values).scalar_one()
        rows = [
            (kind, json.loads(row, parse_float=Decimal))
            for kind, row in connection.exec_driver_sql(query.replace("%", "%%"))
        ]
        pending = select(connection, _PENDING)[0]["loads"]
    return Preview(customer_id, as_of, _nested(rows), pending)


def _check_whole_days(connection: Connection, customer_id: str, as_of: datetime) -> None:
    midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    if as_of == midnight:
        return
    found = select(connection, VALUED_ON_THE_DAY, customer_id=customer_id, day=as_of.date())
    if found:
        raise MeterhouseError(
            f"Meter '{found[0]['meter_id']}' keeps its values by UTC day, and {customer_id} has "
            f"usage of it on {as_of:%Y-%m-%d}: the drafts within that day can't be told.",
            remedy=f"give the beginning of a UTC day: --as-of {as_of:%Y-%m-%d}T00:00:00Z",
        )


def _nested(rows: Sequence[tuple[str, dict[str, Any]]]) -> list[Row]:
    """Puts tiers into lines and lines into invoices."""
    of_kind: dict[str, list[dict[str, Any]]] = {"invoice": [], "line": [], "tier": []}
    for kind, row in rows:
        of_kind[kind].append(row)

    def parts(kind: str, key: str, whole: Mapping[str, Any], order: str) -> list[dict[str, Any]]:
        found = [row for row in of_kind[kind] if row[key] == whole[key]]
        return sorted(found, key=lambda row: row[order])

    for line in of_kind["line"]:
        line["tiers"] = parts("tier", "line_key", line, "tier_number")
    invoices = sorted(
        of_kind["invoice"], key=lambda row: (row["period_start"], row["currency_code"])
    )
    return [
        {**invoice, "lines": parts("line", "invoice_key", invoice, "line_number")}
        for invoice in invoices
    ]
