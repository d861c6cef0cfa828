"""From an invoice line to the usage behind it: aggregates, and single events with their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from audit import explain_queries as queries
from audit.invoices import find_header
from audit.snapshots import Row, select, snapshot
from warehouse import MeterhouseError, Warehouse

# what of the events a line's quantity is, where that is plain arithmetic
_MEASURED_BY = {"count": "event_count", "sum": "quantity_sum", "max": "quantity_max"}


@dataclass(frozen=True)
class Explanation:
    """What an invoice line is made of.

    Attributes:
        line: The line, with the number of its invoice, its aggregation and its tiers.
        days: The usage that the line counts by day and dimension values, as aggregated; one page.
        events: The events of that usage, each with its delivery, file and line; one page.
        day_count: How many days and dimension values there are in all.
        aggregated: What the aggregates count in all: event_count, quantity_sum, quantity_max.
        counted: What the events count in all, by the same names.
    """

    line: Row
    days: Sequence[Row]
    events: Sequence[Row]
    day_count: int
    aggregated: Row
    counted: Row

    @property
    def is_of_usage(self) -> bool:
        """Whether the line is a price of usage at all."""
        return self.line["meter_id"] is not None

    @property
    def differences(self) -> list[str]:
        """What does not add up: events against aggregates, and both against the line."""
        if not self.is_of_usage:
            return []
        found = [
            f"{name}: events {self.counted[name]}, aggregates {self.aggregated[name]}"
            for name in ("event_count", "quantity_sum", "quantity_max")
            if self.counted[name] != self.aggregated[name]
        ]
        measured = self.measured_quantity
        if measured is not None and measured != self.line["quantity"]:
            found.append(f"quantity: line {self.line['quantity']}, usage {measured}")
        return found

    @property
    def measured_quantity(self) -> Decimal | None:
        """The line's quantity as its usage gives it; None where that is not one sum of it."""
        measure = _MEASURED_BY.get(str(self.line["aggregation"]))
        is_difference = self.line["line_type"] == "adjustment"
        if measure is None or (is_difference and measure == "quantity_max"):
            return None
        return Decimal(self.aggregated[measure] or 0)


def explain(
    warehouse: Warehouse, number: str, line_number: int, *, first: int = 0, limit: int = 20
) -> Explanation:
    """Explains one line of a closed invoice, down to single events.

    An adjustment is explained by the usage that had arrived since the close before its own.

    Args:
        warehouse: The warehouse.
        number: The invoice's number.
        line_number: The line of it, from 1.
        first: How many days and events to skip.
        limit: How many of each to return.

    Returns:
        The explanation.

    Raises:
        MeterhouseError: There is no such invoice or line.
    """
    with snapshot(warehouse) as connection:
        line = _find_line(connection, number, line_number)
        if line["meter_id"] is None:
            return Explanation(line, (), (), 0, {}, {})
        keys = {
            name: line[name]
            for name in (
                "customer_id",
                "subscription_id",
                "price_version_id",
                "service_start",
                "service_end",
                "charge_month",
                "seen_loads",
                "loads_before",
            )
        }
        page = {"first": first, "limit": limit}
        aggregated = select(connection, queries.AGGREGATED, **keys)[0]
        return Explanation(
            line=line,
            days=select(connection, queries.DAYS, **keys, **page),
            events=select(connection, queries.EVENTS, **keys, **page),
            day_count=aggregated.pop("day_count"),
            aggregated=aggregated,
            counted=select(connection, queries.COUNTED, **keys)[0],
        )


def _find_line(connection: Connection, number: str, line_number: int) -> Row:
    header = find_header(connection, number)
    keys = {name: header[name] for name in ("customer_id", "invoice_key")}
    found = select(connection, queries.LINE, **keys, line_number=line_number)
    if not found:
        raise MeterhouseError(
            f"Invoice {number} has no line {line_number}.",
            remedy=f"it has the lines 1 to {header['line_count']}: ./meterhouse invoice show "
            f"{number}",
        )
    tiers = select(connection, queries.TIERS, **keys, line_key=found[0]["line_key"])
    return {**found[0], "invoice_number": number, "tiers": tiers}
