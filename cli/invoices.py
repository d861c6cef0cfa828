"""The commands that show what was invoiced, and why."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cli.display import console
from cli.workplace import opened

app = typer.Typer()
invoice_app = typer.Typer(
    help="See invoices as they were issued.",
    epilog="Example: ./meterhouse invoice show INV-2026-000001",
    no_args_is_help=True,
)
app.add_typer(invoice_app, name="invoice")

Number = Annotated[str, typer.Argument(help="The invoice's number.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@invoice_app.command(epilog="Example: ./meterhouse invoice show INV-2026-000001")
def show(number: Number, as_json: AsJson = False) -> None:
    """Show a closed invoice: header, lines, tiers, quantities, price versions."""
    from audit.invoices import read_invoice
    from cli.invoice_output import print_invoice

    with opened(quiet=as_json) as warehouse:
        found = read_invoice(warehouse, number)
    if as_json:
        _write_json({**found.header, "lines": found.lines, "credit_notes": found.credit_notes})
    else:
        print_invoice(found)


@app.command(epilog="Example: ./meterhouse explain INV-2026-000001 2 --limit 50")
def explain(
    number: Number,
    line: Annotated[int, typer.Argument(min=1, help="The line of it, from 1.")],
    limit: Annotated[int, typer.Option(min=1, help="How many days and events to show.")] = 20,
    page: Annotated[int, typer.Option(min=1, help="Which page of them, from 1.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Say what a line of a closed invoice is made of: tiers, aggregates, single events."""
    from audit.explaining import explain as explain_line
    from cli.invoice_output import print_explanation

    first = (page - 1) * limit
    with opened(quiet=as_json) as warehouse:
        found = explain_line(warehouse, number, line, first=first, limit=limit)
    if as_json:
        document = {
            "line": found.line,
            "days": found.days,
            "events": found.events,
            "day_count": found.day_count,
            "aggregated": found.aggregated,
            "counted": found.counted,
            "differences": found.differences,
        }
        _write_json(document)
    else:
        print_explanation(found, first=first)
    if found.differences:
        raise typer.Exit(code=1)


def _write_json(document: object) -> None:
    console.file.write(json.dumps(document, indent=2, default=str) + "\n")
