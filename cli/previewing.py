"""The command that shows the drafts of one customer."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cli.display import console
from cli.workplace import opened
from dashboards.formatting import amount, plural, quantity

app = typer.Typer()


@app.command(epilog="Example: ./meterhouse preview cus_0001 --as-of 2026-10-15T00:00:00Z")
def preview(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    as_of: Annotated[
        str,
        typer.Option(
            help="Count usage before this instant and periods begun by then, ISO 8601 with a zone; "
            "default: the current drafts."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Show what a customer would be billed: the drafts, now or as of an instant."""
    from audit.preview import preview as compute
    from orchestration.periods import instant

    with opened(quiet=as_json) as warehouse:
        found = compute(warehouse, customer, as_of=instant(as_of) if as_of else None)
    if as_json:
        document = {
            "customer_id": found.customer_id,
            "as_of": found.as_of.isoformat() if found.as_of else None,
            "pending_loads": found.pending_loads,
            "invoices": found.invoices,
        }
        console.file.write(json.dumps(document, indent=2, default=str) + "\n")
        return
    for invoice in found.invoices:
        _print_draft(invoice)
    if not found.invoices:
        console.print(f"{escape(customer)} has no draft.")
    if found.pending_loads:
        loads = plural(found.pending_loads, "landed load")
        console.print(f"[yellow]{loads} not counted yet: ./meterhouse build[/]")


def _print_draft(invoice: dict[str, Any]) -> None:
    exponent = invoice["currency_exponent"]
    table = Table(
        title=f"Draft of {escape(invoice['customer_id'])} for {invoice['period_start'][:7]}",
        title_justify="left",
    )
    table.add_column("line")
    table.add_column("service period")
    for name in ("quantity", invoice["currency_code"]):
        table.add_column(name, justify="right")
    for line in invoice["lines"]:
        table.add_row(
            f"{escape(line['label'])} ({line['line_type']})",
            f"{line['service_start']} to {line['service_end']}",
            quantity(line["quantity"]),
            amount(line["amount_minor"], exponent=exponent),
        )
    table.add_section()
    table.add_row("[bold]Total[/]", "", "", amount(invoice["total_minor"], exponent=exponent))
    console.print(table)
