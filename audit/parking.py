"""Who is parked, and who waits for a release."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text

from audit.snapshots import Row, select, snapshot
from warehouse import Warehouse

_PARKED = text("""
    select customer_id, month_start, legal_entity_id, state, reason, reason_at_close, who, why
    from reporting.rpt_customers_parked
    where state <> 'released'
    order by state, legal_entity_id, month_start, customer_id
""")


def read_parked(warehouse: Warehouse) -> Sequence[Row]:
    """Reads the customers whose invoice of a month waits.

    Args:
        warehouse: The warehouse.

    Returns:
        One row per customer and month, with what stands against it now.
    """
    with snapshot(warehouse) as connection:
        return select(connection, _PARKED)
