"""How a reconciliation is asked for and shown."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

from rich import box
from rich.markup import escape
from rich.table import Table

from audit import Range, Reconciliation
from audit import reconcile as compare
from cli.display import console
from cli.workplace import opened
from warehouse import MeterhouseError


def run_reconcile(*, first: str, end: str, by: str, limit: int, as_json: bool) -> bool:
    """Reconciles and prints what was found.

    Args:
        first: First day, `YYYY-MM-DD`; empty for no bound.
        end: First day after the last; empty for no bound.
        by: By what deliveries are counted.
        limit: How many rows of that at most.
        as_json: Whether to print JSON, and nothing else.

    Returns:
        Whether nothing differs.
    """
    days = Range(_day(first), _day(end))
    with opened(quiet=as_json) as warehouse:
        found = compare(warehouse, days, by=by, limit=limit)
    if as_json:
        _print_json(found, by=by)
    else:
        _print_tables(found, by=by)
    return not found.differences


def _print_json(found: Reconciliation, *, by: str) -> None:
    document = {
        "differences": sum(hop.difference_count for hop in found.hops),
        "hops": [asdict(hop) for hop in found.hops],
        f"by_{by}": [asdict(row) for row in found.balances],
        "waiting_loads": list(found.waiting_loads),
    }
    console.file.write(json.dumps(document, indent=2, default=str) + "\n")


def _print_tables(found: Reconciliation, *, by: str) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("hop", "compared"):
        table.add_column(title)
    for title in ("cells", "first side", "second side", "differences"):
        table.add_column(title, justify="right")
    for hop in found.hops:
        differences = f"[red]{hop.difference_count:,}[/]" if hop.difference_count else "0"
        table.add_row(
            hop.name,
            f"{hop.left_name} = {hop.right_name}",
            f"{hop.cell_count:,}",
            f"{hop.left_total:,}",
            f"{hop.right_total:,}",
            differences,
        )
    console.print(table)
    _print_balances(found, by=by)
    if found.waiting_loads:
        console.print(f"{len(found.waiting_loads):,} loads wait for ./meterhouse build.")
    for hop in found.differences[:1]:
        console.print(f"[bold red]First difference[/] ({hop.name}): {escape(hop.describe())}")
    if not found.differences:
        console.print("[green]Nothing differs.[/]")


def _print_balances(found: Reconciliation, *, by: str) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(by)
    names = ("received", "accepted", "duplicate", "open", "replayed", "discarded", "waiting")
    for title in (*names, "conflicting", "withdrawn"):
        table.add_column(title, justify="right")
    for row in found.balances:
        counts = (
            row.received,
            row.accepted,
            row.duplicate,
            row.quarantined_open,
            row.quarantined_replayed,
            row.discarded,
            row.waiting,
            row.conflicting,
            row.withdrawn,
        )
        table.add_row(escape(row.label), *(f"{count:,}" for count in counts))
    console.print(table)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise MeterhouseError(f"'{written}' is no day.", remedy="write it as 2026-08-31") from error
