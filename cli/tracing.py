"""How the way of an event is asked for and shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rich.markup import escape

from audit.tracing import Charge, EventTrace, trace
from cli.display import console
from cli.workplace import opened
from dashboards.formatting import amount, quantity


def run_trace(event_id: str, *, customer_id: str, as_json: bool) -> None:
    """Traces an event and prints its way; of several customers, who has it.

    Args:
        event_id: The event.
        customer_id: The customer; empty for whoever has it.
        as_json: Whether to print JSON, and nothing else.
    """
    with opened(quiet=as_json) as warehouse:
        found = trace(warehouse, event_id, customer_id or None)
    if as_json:
        traces = [
            {
                **asdict(item),
                "charges": [
                    {**asdict(charge), "explanation": charge.explanation} for charge in item.charges
                ],
            }
            for item in found
        ]
        console.file.write(json.dumps(traces, indent=2, default=str) + "\n")
    elif len(found) > 1:
        print_customers(found)
    else:
        print_trace(found[0])


def print_customers(found: list[EventTrace]) -> None:
    """Prints which customers have an event of one id, and what became of it."""
    console.print(f"{len(found)} customers have an event {escape(found[0].event_id)}:")
    for item in found:
        fates = ", ".join(sorted({str(row["fate"]) for row in item.deliveries}))
        console.print(f"  {escape(item.customer_id)}  {fates}", soft_wrap=True)
    console.print("Choose one: --customer ID")


def print_trace(found: EventTrace) -> None:
    """Prints the way of one event."""
    _line(f"[bold]Event[/] {escape(found.event_id)} of customer {escape(found.customer_id)}")
    for number, row in enumerate(found.deliveries, start=1):
        _print_delivery(number, row)
    if found.fact is not None:
        fact = found.fact
        _line(
            f"[bold]Fact[/] {escape(fact['event_type'])} at {fact['occurred_at']:%Y-%m-%d %H:%M:%S}"
            f" UTC, quantity {quantity(fact['quantity'])}, {escape(str(fact['properties']))}"
        )
    for charge in found.charges:
        _print_charge(charge)


def _print_delivery(number: int, row: Mapping[str, Any]) -> None:
    place = escape(f"{row['file_name'] or row['source']}, line {row['line_number']}")
    reason = "" if row["reason"] in ("accepted", row["fate"]) else f" ({row['reason']})"
    state = f", {row['state']}" if row["state"] else ""
    _line(
        f"[bold]Delivery {number}[/] {row['fate']}{reason}{state}: load {row['load_id']} by "
        f"{row['source']}, {place}, landed {row['landed_at']:%Y-%m-%d %H:%M:%S} UTC, "
        f"{escape(row['delivery_id'])}"
    )
    if row["detail"]:
        _line(f"    {escape(row['detail'])}")
    if row.get("replay_delivery_id"):
        again = f"{row['replay_load_id']}/{row['replay_delivery_id']}"
        _line(f"    came again as {escape(again)}, by {escape(row['who'])}: {escape(row['why'])}")


def _print_charge(charge: Charge) -> None:
    meter = charge.meter
    _line(f"[bold]Meter[/] {escape(meter['meter_id'])} {escape(meter['dimension_key'])}")
    for row in charge.aggregates:
        _line(
            f"    {row['period']:<6} {row['starts_at']:%Y-%m-%d %H:%M} UTC  "
            f"{row['event_count']:,} events, sum {quantity(row['quantity_sum'])}, greatest "
            f"{quantity(row['quantity_max'])} {escape(meter['unit'])}"
        )
    if charge.fate is not None and charge.fate["price_version_id"] is not None:
        price, holder = charge.fate["price_version_id"], charge.fate["subscription_id"]
        _line(f"    price  {escape(price)}, subscription {escape(holder)}")
    _line(f"    {escape(charge.explanation)}")
    for line in charge.lines:
        number = line["invoice_number"] or "draft"
        total = amount(line["amount_minor"], exponent=line["currency_exponent"])
        _line(
            f"    {line['line_type']} on invoice {escape(number)} of {line['period_start']:%Y-%m}, "
            f"line {line['line_number']}: {escape(line['label'])}, {quantity(line['quantity'])} "
            f"{escape(line['unit'] or '')}, {total} {line['currency_code']}"
        )
        for tier in line["tiers"]:
            end = "any" if tier["up_to"] is None else quantity(tier["up_to"])
            _line(
                f"        tier {tier['tier_number']} up to {end}: {quantity(tier['quantity'])} at "
                f"{quantity(tier['unit_price_unrounded'])}"
            )


def _line(written: str) -> None:
    console.print(written, soft_wrap=True)
