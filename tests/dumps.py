"""Dumps of what a warehouse holds, by business columns only: equal dumps, equal warehouses.

Load ids, delivery order, clocks of the machine and generated identities are left out; a dump is the
text that `COPY ... ORDER BY key` gives, so that two of them can be compared to the last byte.
"""

from __future__ import annotations

import io

from warehouse import Role, Warehouse

FACTS = """
    select customer_id, event_id, event_type, occurred_at, quantity, properties
    from marts.fct_usage_events order by customer_id, event_id
"""
REGISTRY = """
    select customer_id, event_key_high, event_key_low, payload_hash from ops.event_registry
    order by 1, 2, 3
"""
FATES = """
    select customer_id, event_id, fate, reason, count(*) from ops.event_fates
    group by customer_id, event_id, fate, reason
    order by customer_id, event_id, fate, reason
"""
HOURLY = """
    select customer_id, meter_id, dimension_key, hour_start, sum(event_count), sum(quantity_sum),
        max(quantity_max)
    from marts.agg_usage_hourly group by customer_id, meter_id, dimension_key, hour_start
    order by customer_id, meter_id, dimension_key, hour_start
"""
DAILY = "select * from marts.agg_usage_daily order by 1, 2, 3, 4"
MONTHLY = "select * from marts.agg_usage_monthly order by 1, 2, 3, 4"
DRAFTS = """
    select lines.* from intermediate.int_invoice_lines_drafted as lines order by lines.line_key
"""
INVOICES = "select * from marts.fct_invoices order by invoice_key"
LINES = "select * from marts.fct_invoice_lines order by line_key"
TIERS = "select * from marts.fct_invoice_line_tiers order by line_key, tier_number"
SERIES = "select * from ops.invoice_number_series order by 1, 2"

ADMITTED = {"facts": FACTS, "registry": REGISTRY, "fates": FATES}
AGGREGATED = {"hourly": HOURLY, "daily": DAILY, "monthly": MONTHLY}
DRAFTED = {"draft lines": DRAFTS}
CLOSED = {"invoices": INVOICES, "lines": LINES, "tiers": TIERS, "series": SERIES}
EVERYTHING = {**ADMITTED, **AGGREGATED, **DRAFTED, **CLOSED}


def dump(warehouse: Warehouse, queries: dict[str, str] = EVERYTHING) -> dict[str, str]:
    """Returns the dump of each query as CSV text.

    Args:
        warehouse: The warehouse, with its models deployed.
        queries: Name -> ordered select.
    """
    dumped = {}
    connection = warehouse.engine(Role.TRANSFORMER).raw_connection()
    try:
        with connection.cursor() as cursor:
            for name, query in queries.items():
                out = io.StringIO()
                cursor.copy_expert(f"copy ({query}) to stdout (format csv, header)", out)
                dumped[name] = out.getvalue()
    finally:
        connection.rollback()
        connection.close()
    return dumped
