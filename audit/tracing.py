"""Where one event came from and where it went: deliveries, fact, aggregates, charge, invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import ProgrammingError

from audit import trace_queries as queries
from warehouse import MeterhouseError, Problem, Role, Warehouse

Row = Mapping[str, Any]
_NOT_BUILT = {"42P01", "42703", "3F000"}


@dataclass(frozen=True)
class Charge:
    """What one meter makes of an event.

    Attributes:
        meter: Meter, dimension values, aggregation and unit.
        aggregates: The hour (of its load), the day and the month that count it.
        fate: Price and what became of that day's usage: rated, zero_rated or unpriced.
        lines: Invoice lines of the charge, closed ones first, with number, amount and tiers.
        close: The close of its month and whether that saw the event; None while it is open.
    """

    meter: Row
    aggregates: Sequence[Row]
    fate: Row | None
    lines: Sequence[Row]
    close: Row | None

    @property
    def explanation(self) -> str:
        """Says where the usage is billed, or why it is not."""
        if not self.aggregates:
            return "not counted yet: run ./meterhouse build"
        if self.fate is None:
            return "not rated yet: run ./meterhouse build"
        if self.fate["fate"] == "unpriced":
            reason = str(self.fate["unpriced_reason"]).replace("_", " ")
            return f"not billed: {reason} for that day"
        said = "free of charge" if self.fate["fate"] == "zero_rated" else "billed"
        if self.close is None:
            return f"{said}; its month is open, the invoice is a draft"
        if self.close["has_seen_it"]:
            return f"{said} on the invoice of its month, closed {self.close['closed_at']:%Y-%m-%d}"
        return (
            f"{said} late: its month was closed on {self.close['closed_at']:%Y-%m-%d} without it, "
            "an adjustment has the difference"
        )


@dataclass(frozen=True)
class EventTrace:
    """The way of one event of one customer.

    Attributes:
        event_id: The event.
        customer_id: The customer.
        deliveries: Every delivery of it, in the order of arrival, with its fate.
        fact: The accepted event; None when there is none.
        charges: One per meter that counts it.
    """

    event_id: str
    customer_id: str
    deliveries: Sequence[Row]
    fact: Row | None = None
    charges: Sequence[Charge] = field(default_factory=tuple)


def trace(warehouse: Warehouse, event_id: str, customer_id: str | None = None) -> list[EventTrace]:
    """Follows an event through the warehouse, by keys.

    Args:
        warehouse: The warehouse.
        event_id: The event.
        customer_id: Its customer; None for every customer that has an event of this id.

    Returns:
        One trace per customer, by customer.

    Raises:
        MeterhouseError: No delivery names this event, or the models are not there yet.
    """
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with warehouse.engine(Role.TRANSFORMER).connect() as connection:
            connection = connection.execution_options(**options)
            found = _find_deliveries(connection, event_id, customer_id)
            if not found:
                raise _refuse_unknown(connection, event_id, customer_id)
            customers = sorted({str(row["customer_id"]) for row in found})
            return [
                _follow(
                    connection,
                    event_id,
                    customer,
                    [row for row in found if row["customer_id"] == customer],
                )
                for customer in customers
            ]
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", "") not in _NOT_BUILT:
            raise
        raise MeterhouseError(
            "The models that are read are not there yet, or are of older code.",
            remedy="run ./meterhouse build once",
        ) from error


def _select(connection: Connection, query: TextClause, **values: object) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query, values).mappings()]


def _find_deliveries(
    connection: Connection, event_id: str, customer_id: str | None
) -> list[dict[str, Any]]:
    """Finds the deliveries of an event by the keys that know it, then reads where each was."""
    chosen = {"event_id": event_id, "customer_id": customer_id}
    pending = [row["load_id"] for row in _select(connection, queries.PENDING_LOADS)]
    found = {
        (row["load_id"], row["delivery_id"]): row
        for row in (
            *(_select(connection, queries.WAITING, **chosen, loads=pending) if pending else ()),
            *_select(connection, queries.REFUSED, **chosen),
            *_select(connection, queries.ACCEPTED, **chosen),
        )
    }
    if not found:
        return []
    places = _select(
        connection,
        queries.PLACES,
        loads=sorted({load for load, _ in found}),
        deliveries=sorted({delivery for _, delivery in found}),
        event_id=event_id,
    )
    rows = [{**place, **found[place["load_id"], place["delivery_id"]]} for place in places]
    # a key of two events is told apart by the delivery, which has the id itself
    return sorted(rows, key=lambda row: (row["load_id"], row["file_number"], row["line_number"]))


def _follow(
    connection: Connection, event_id: str, customer_id: str, deliveries: list[dict[str, Any]]
) -> EventTrace:
    accepted = [row for row in deliveries if row["fate"] == "accepted"]
    if not accepted:
        return EventTrace(event_id, customer_id, deliveries)
    delivery = accepted[0]
    facts = _select(
        connection,
        queries.FACT,
        customer_id=customer_id,
        event_id=event_id,
        load_id=delivery["load_id"],
        occurred_at=delivery["occurred_at"],
    )
    if not facts:
        return EventTrace(event_id, customer_id, deliveries)
    charges = [_charge(connection, meter) for meter in facts if meter["meter_id"]]
    names = ("event_type", "occurred_at", "quantity", "load_id", "delivery_id")
    fact = {name: facts[0][name] for name in names} | {"properties": delivery["properties"]}
    return EventTrace(event_id, customer_id, deliveries, fact, charges)


def _charge(connection: Connection, meter: dict[str, Any]) -> Charge:
    cell = {
        name: meter[name]
        for name in ("customer_id", "meter_id", "dimension_key", "occurred_at", "load_id")
    }
    aggregates = _select(connection, queries.AGGREGATES, **cell)
    cell.pop("load_id")
    fates = _select(connection, queries.USAGE_FATE, **cell, event_id=meter["event_id"])
    fate = fates[0] if fates else None
    lines: list[dict[str, Any]] = []
    if fate is not None and fate["price_version_id"] is not None:
        lines = _select(
            connection,
            queries.LINES,
            customer_id=meter["customer_id"],
            subscription_id=fate["subscription_id"],
            price_version_id=fate["price_version_id"],
            month_start=fate["month_start"],
        )
        for line in lines:
            line["tiers"] = _select(connection, queries.TIERS, line_key=line["line_key"])
    closes = _select(
        connection,
        queries.CLOSE,
        customer_id=meter["customer_id"],
        occurred_at=meter["occurred_at"],
        month_start=fate["month_start"] if fate else None,
        load_id=meter["load_id"],
    )
    shown = {name: meter[name] for name in ("meter_id", "dimension_key", "aggregation", "unit")}
    return Charge(shown, aggregates, fate, lines, closes[0] if closes else None)


def _refuse_unknown(
    connection: Connection, event_id: str, customer_id: str | None
) -> MeterhouseError:
    """Says that no delivery is that event, with the unreadable lines that hold its id."""
    lines = _select(connection, queries.UNREADABLE, event_id=event_id)
    problems = [
        Problem(
            f"a line in quarantine holds this text: {row['reason']}",
            f"quarantine show {row['load_id']}/{row['delivery_id']}",
        )
        for row in lines
    ]
    of = f" of customer {customer_id}" if customer_id is not None else ""
    return MeterhouseError(
        f"No delivery is an event {event_id}{of}.",
        problems=problems,
        remedy="compare the id with the sender's, letter by letter; was the file loaded "
        "(./meterhouse load says which are known)?",
    )
