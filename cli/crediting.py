"""The command that takes amounts off closed invoices."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer
from rich.markup import escape

from cli.display import console
from cli.workplace import opened
from dashboards.formatting import money
from warehouse import MeterhouseError
from warehouse.progress import progress

app = typer.Typer()


@app.command(
    "credit-note",
    epilog='Example: ./meterhouse credit-note INV-2026-000001 --void --reason "Outage"',
)
def credit_note(
    number: Annotated[str, typer.Argument(help="The number of the closed invoice.")],
    reason: Annotated[str, typer.Option(help="Why; it is written down.")],
    line: Annotated[
        int | None, typer.Option(min=1, help="The line of it that is credited in part.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option(help="How much of the line, in major units: 12.50.")
    ] = None,
    void: Annotated[
        bool, typer.Option("--void", help="Credit all that is left of the invoice.")
    ] = False,
    rebill: Annotated[
        bool,
        typer.Option("--rebill", help="Bill what is credited again, on the next open invoice."),
    ] = False,
    who: Annotated[str, typer.Option(help="Who issues it; default: this login's name.")] = "",
    issued_at: Annotated[
        str, typer.Option(help="Instant of issue, ISO 8601 with a zone; default: now.")
    ] = "",
) -> None:
    """Take an amount off a line of a closed invoice, or void the invoice, by a numbered note."""
    from audit.invoices import read_credit_note
    from orchestration.crediting import CreditWish, issue_credit_note
    from orchestration.periods import instant

    if void == (line is not None) or (line is None) != (amount is None):
        raise MeterhouseError(
            "Say what to credit: either a line and an amount, or the whole invoice.",
            remedy="--line N --amount X, or --void",
        )
    wish = CreditWish(
        invoice_number=number,
        reason=reason,
        issued_by=who or getpass.getuser(),
        issued_at=instant(issued_at),
        line_number=line,
        amount=amount,
        is_billed_again=rebill,
    )
    with opened() as warehouse:
        with progress().task(f"Crediting {number}", unit=""):
            issued = issue_credit_note(warehouse, wish)
        note = read_credit_note(warehouse, issued)
    total = money(
        note["total_minor"],
        exponent=note["currency_exponent"],
        currency_code=note["currency_code"],
    )
    console.print(
        f"Credit note {escape(issued)} on {escape(number)}: {total}, "
        f"{note['line_count']} lines, by {escape(note['issued_by'])}: {escape(note['reason'])}",
        soft_wrap=True,
    )
    if rebill:
        console.print("What it takes off is on the customer's next open draft again.")
