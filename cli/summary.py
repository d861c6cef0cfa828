"""The summary that a finance person reads: where every event went, and what was invoiced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table
from sqlalchemy import text

from cli.display import console
from cli.workplace import relative
from dashboards.formatting import amount, quantity
from warehouse import Role, Warehouse


def read_report(warehouse: Warehouse, query: str) -> Sequence[Mapping[str, Any]]:
    """Reads rows of the reporting schema, as the read-only role."""
    with warehouse.engine(Role.REPORTER).connect() as connection:
        return connection.execute(text(query)).mappings().all()


def print_fates(warehouse: Warehouse) -> None:
    """Prints that received = accepted + duplicate + quarantined, with the reasons."""
    rows = read_report(
        warehouse,
        """
        select fate, reason, sum(delivery_count)::bigint as deliveries
        from reporting.rpt_event_fates
        group by fate, reason
        order by fate, deliveries desc, reason
        """,
    )
    counts = {"accepted": 0, "duplicate": 0, "quarantined": 0}
    for row in rows:
        counts[row["fate"]] += row["deliveries"]
    received = sum(counts.values())
    console.print("\n[bold]Where every event went[/]")
    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("received", f"{received:,}")
    for fate, count in counts.items():
        table.add_row(f"{'= ' if fate == 'accepted' else '+ '}{fate}", f"{count:,}")
    for row in rows:
        if row["fate"] == "quarantined":
            reason = row["reason"].replace("_", " ")
            table.add_row(f"[dim]    {reason}[/]", f"[dim]{row['deliveries']:,}[/]")
    console.print(table)


def print_invoices(warehouse: Warehouse) -> None:
    """Prints invoices and totals per month and currency."""
    rows = read_report(
        warehouse,
        """
        select month_start, currency_code, currency_exponent, status, invoice_count,
            total_minor, adjustment_minor
        from reporting.rpt_overview_months
        where invoice_count > 0
        order by month_start, currency_code
        """,
    )
    console.print("[bold]Invoices per month and currency[/]")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("month", "status"):
        table.add_column(title)
    for title in ("invoices", "total", "of it for earlier months"):
        table.add_column(title, justify="right")
    table.add_column("currency")
    for row in rows:
        exponent = row["currency_exponent"]
        table.add_row(
            f"{row['month_start']:%Y-%m}",
            row["status"].replace("_", " "),
            f"{row['invoice_count']:,}",
            amount(row["total_minor"], exponent=exponent),
            amount(row["adjustment_minor"], exponent=exponent) if row["adjustment_minor"] else "",
            row["currency_code"],
        )
    console.print(table)


def print_reconciliations(warehouse: Warehouse) -> None:
    """Prints how meters agree that the catalog declares to measure the same thing."""
    rows = read_report(
        warehouse,
        """
        select meter_id, reference_meter_id, cell_count, equal_cell_count, quantity,
            reference_quantity, difference
        from reporting.rpt_meter_reconciliation
        order by meter_id
        """,
    )
    for row in rows:
        console.print(
            f"[bold]Two meters of the same thing:[/] "
            f"{row['meter_id']} {quantity(row['quantity'])}, "
            f"{row['reference_meter_id']} {quantity(row['reference_quantity'])}, difference "
            f"{quantity(row['difference'])}; equal in {row['equal_cell_count']:,} of "
            f"{row['cell_count']:,} cells."
        )


def print_meter_totals(warehouse: Warehouse) -> None:
    """Prints the whole quantity of every meter."""
    rows = read_report(
        warehouse,
        """
        select meter_name, unit, sum(event_count)::bigint as events, sum(quantity) as quantity
        from reporting.rpt_usage_daily
        group by meter_name, unit
        order by meter_name
        """,
    )
    console.print("[bold]Usage[/]")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("meter")
    for title in ("events", "quantity"):
        table.add_column(title, justify="right")
    table.add_column("unit")
    for row in rows:
        table.add_row(
            row["meter_name"], f"{row['events']:,}", quantity(row["quantity"]), row["unit"]
        )
    console.print(table)


def print_files(directory: Path) -> None:
    """Prints which files were exported."""
    console.print(f"[bold]Exported[/] to {relative(directory)}")
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            size = path.stat().st_size
            console.print(f"    {path.relative_to(directory)!s:<44} {size:>12,} bytes")


def print_next_steps(*lines: tuple[str, str]) -> None:
    """Prints what to type next."""
    console.print("\n[bold]What to type next[/]")
    for command, meaning in lines:
        console.print(f"    {escape(command)}\n        [dim]{meaning}[/]")
