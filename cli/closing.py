"""The commands that close months."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from cli.display import console
from cli.workplace import opened, working
from dashboards.formatting import amount, month, plural
from warehouse.progress import progress

if TYPE_CHECKING:
    from orchestration.closing import ClosePreview

app = typer.Typer()


@app.command(epilog="Example: ./meterhouse close 2026-08 --closed-at 2026-09-04T00:00:00Z")
def close(
    period: Annotated[str, typer.Argument(help="The month, as YYYY-MM.")],
    closed_at: Annotated[
        str, typer.Option(help="Instant of closing, ISO 8601 with a zone; default: now.")
    ] = "",
    legal_entity: Annotated[
        str, typer.Option(help="Who issues; default: every legal entity.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")
    ] = False,
    waive_parked: Annotated[
        str, typer.Option(help="Close without the parked customers, and why; it is written down.")
    ] = "",
    who: Annotated[str, typer.Option(help="Who waives; default: this login's name.")] = "",
) -> None:
    """Close a month: check the gates, copy the drafts, number without gaps, freeze."""
    chosen = {
        "period": period,
        "closed_at": closed_at,
        "legal_entity_id": legal_entity,
        "waive_parked": waive_parked.strip(),
        "who": who.strip() or getpass.getuser(),
    }
    if dry_run:
        _preview(chosen)
        return
    with working() as (_, runner):
        runner.run("close", ops={"close_month": chosen})


@app.command(epilog="Example: ./meterhouse release acme --period 2026-08")
def release(
    customer: Annotated[
        str, typer.Argument(help="The customer; without one: who is parked, and why.")
    ] = "",
    period: Annotated[str, typer.Option(help="The month, as YYYY-MM; default: all.")] = "",
    released_at: Annotated[
        str, typer.Option(help="Instant of release, ISO 8601 with a zone; default: now.")
    ] = "",
    who: Annotated[str, typer.Option(help="Who releases; default: this login's name.")] = "",
) -> None:
    """Close the invoices of a customer that a close left out; or list who is parked."""
    from audit.parking import read_parked
    from orchestration.periods import instant, month_start
    from orchestration.releasing import release_customer

    with opened() as warehouse:
        if not customer:
            print_parked(read_parked(warehouse))
            return
        with progress().task(f"Releasing {customer}", unit=""):
            released = release_customer(
                warehouse,
                customer,
                period_start=month_start(period) if period else None,
                released_at=instant(released_at),
                who=who.strip() or getpass.getuser(),
            )
    for found in released:
        numbers = ", ".join(found.invoice_numbers) or "there was nothing to bill"
        console.print(f"{escape(customer)}, {month(found.period_start)}: {escape(numbers)}")


def print_parked(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints who is parked, and why.

    Args:
        rows: One per customer and month.
    """
    if not rows:
        console.print("No customer is parked, and none waits for its release.")
        return
    for row in rows:
        console.print(
            f"[bold]{escape(row['customer_id'])}[/], {month(row['month_start'])}, "
            f"{escape(row['legal_entity_id'])}: {row['state']}",
            soft_wrap=True,
        )
        if row["state"] == "held":
            console.print(
                f"    left out of the close by {escape(row['who'])}: {escape(row['why'])}; "
                f"the reason was: {escape(row['reason_at_close'])}",
                soft_wrap=True,
            )
        stands = row["reason"] or "nothing stands against it any more: release it"
        console.print(f"    {escape(stands)}", soft_wrap=True)


def _preview(chosen: Mapping[str, str]) -> None:
    from orchestration.closing import Waiver, legal_entities, preview_close
    from orchestration.periods import instant, month_start

    start, at = month_start(chosen["period"]), instant(chosen["closed_at"])
    legal_entity_id = chosen["legal_entity_id"]
    why = chosen["waive_parked"]
    waiver = Waiver(chosen["who"], why) if why else None
    is_refused = False
    with opened() as warehouse:
        for entity in [legal_entity_id] if legal_entity_id else legal_entities(warehouse):
            with progress().task(f"Checking {entity}", unit=""):
                found = preview_close(
                    warehouse,
                    legal_entity_id=entity,
                    period_start=start,
                    closed_at=at,
                    waiver=waiver,
                )
            print_preview(found)
            is_refused = is_refused or found.is_refused
    if is_refused:
        raise typer.Exit(code=1)


def print_preview(found: ClosePreview) -> None:
    """Prints every gate with its result, and what would be issued.

    Args:
        found: What closing the month of one legal entity would do.
    """
    title = f"[bold]{escape(found.legal_entity_id)}, {month(found.period_start)}[/]"
    if found.closed_before is not None:
        closed = found.closed_before
        console.print(f"{title}: closed already, {plural(closed.invoice_count, 'invoice')}.")
        return
    console.print(f"{title}: dry run, nothing is written")
    for gate in found.gates:
        mark = "[red]✗[/]" if gate["problem"] else "[green]✓[/]"
        said = f": {escape(gate['problem'])}" if gate["problem"] else ""
        console.print(f"  {mark} {gate['gate']}{said}", soft_wrap=True)
        if gate["problem"]:
            console.print(f"      {escape(gate['remedy'])}", soft_wrap=True)
    _print_invoices(found)


def _print_invoices(found: ClosePreview) -> None:
    if not found.invoices:
        console.print("  No invoice would be issued.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("would be issued")
    table.add_column("customer")
    table.add_column("lines", justify="right")
    table.add_column("total", justify="right")
    table.add_column("")
    for row in (*found.invoices, None, *found.totals):
        if row is None:
            table.add_section()
            continue
        table.add_row(
            row.get("invoice_number") or plural(row["invoice_count"], "invoice"),
            escape(row.get("customer_name", "")),
            f"{row['line_count']:,}",
            amount(row["total_minor"], exponent=row["currency_exponent"]),
            row["currency_code"],
        )
    console.print(table)
    shown, total = len(found.invoices), sum(row["invoice_count"] for row in found.totals)
    if shown < total:
        console.print(f"The first {shown} of {total:,} are listed.")
