"""Releasing customers that a close left out: one dbt operation, one transaction, as finance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text

from orchestration.operations import run_operation
from warehouse import MeterhouseError, Role, Warehouse

_HELD = text("""
    select parked.legal_entity_id, parked.period_start
    from ops.parked_customers as parked
    left join ops.releases as releases
        on releases.customer_id = parked.customer_id
            and releases.legal_entity_id = parked.legal_entity_id
            and releases.period_start = parked.period_start
    where parked.customer_id = :customer_id and releases.customer_id is null
        and parked.period_start = coalesce(cast(:period_start as date), parked.period_start)
    order by parked.period_start, parked.legal_entity_id
""")
_ISSUED = text("""
    select invoice_number from marts.fct_invoices
    where customer_id = :customer_id and legal_entity_id = :legal_entity_id
        and period_start = :period_start
    order by invoice_number
""")


@dataclass(frozen=True)
class Release:
    """A month of a customer that was released.

    Attributes:
        legal_entity_id: Who issues.
        period_start: First day of the month.
        invoice_numbers: The invoices that were closed; none when there was nothing to bill.
    """

    legal_entity_id: str
    period_start: date
    invoice_numbers: tuple[str, ...]


def release_customer(
    warehouse: Warehouse,
    customer_id: str,
    *,
    period_start: date | None,
    released_at: datetime,
    who: str,
) -> list[Release]:
    """Closes the invoices of a customer that closes left out, month by month in order.

    Args:
        warehouse: The opened warehouse.
        customer_id: The customer.
        period_start: First day of the month; None for every month that waits.
        released_at: The instant of release, with a zone; also the date of issue.
        who: Who releases; it is written down.

    Returns:
        What was closed, by month.

    Raises:
        MeterhouseError: Nothing waits, or something still stands against it.
    """
    chosen = {"customer_id": customer_id, "period_start": period_start}
    with warehouse.engine(Role.FINANCE).connect() as connection:
        held = connection.execute(_HELD, chosen).all()
    if not held:
        month = f" in {period_start:%Y-%m}" if period_start else ""
        raise MeterhouseError(
            f"No close left out customer {customer_id}{month}, or it was released since.",
            remedy="./meterhouse release without a customer lists who waits",
        )
    releases = []
    for entity, month_start in held:
        run_operation(
            warehouse,
            "release_customer",
            {
                "legal_entity_id": entity,
                "customer_id": customer_id,
                "period_start": month_start.isoformat(),
                "released_at": released_at.isoformat(),
                "who": who,
            },
            refused=f"{customer_id} was not released for {month_start:%Y-%m}.",
        )
        keys = {**chosen, "legal_entity_id": entity, "period_start": month_start}
        with warehouse.engine(Role.FINANCE).connect() as connection:
            issued = tuple(connection.execute(_ISSUED, keys).scalars())
        releases.append(Release(entity, month_start, issued))
    return releases
