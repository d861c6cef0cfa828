"""How a quote is asked for and shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.display import console
from cli.workplace import opened
from dashboards.formatting import amount, quantity

app = typer.Typer()


@app.command(epilog="Example: ./meterhouse quote --plan plan.yaml --usage events.jsonl")
def quote(
    plan: Annotated[
        Path, typer.Option(help="YAML file with the plan; meters it lacks are the warehouse's.")
    ],
    usage: Annotated[list[Path], typer.Option(help="Usage file, folder or pattern; repeatable.")],
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file that says how rows become events.")
    ] = None,
    plan_id: Annotated[str, typer.Option(help="Which plan, where the file has several.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Price usage on a plan through the models that bill; nothing in the warehouse changes."""
    from orchestration.quoting import quote as price

    with opened(quiet=as_json) as warehouse:
        found = price(warehouse, plan=plan, usage=usage, mapping=mapping, plan_id=plan_id)
    if as_json:
        console.file.write(json.dumps(asdict(found), indent=2, default=str) + "\n")
        return
    for invoice in found.invoices:
        _print_invoice(invoice)
    for row in found.parked:
        console.print(
            f"[bold red]{escape(row['customer_id'])}[/], {row['month_start']:%Y-%m}: not priced: "
            f"{escape(row['reason'])}",
            soft_wrap=True,
        )
    fates = ", ".join(
        f"{row['delivery_count']:,} {row['reason'] or row['fate']}" for row in found.fates
    )
    console.print(f"Usage: {fates}.")
    if not found.invoices and not found.parked:
        console.print("Nothing is charged.")


def _print_invoice(invoice: Mapping[str, Any]) -> None:
    exponent, currency = invoice["currency_exponent"], invoice["currency_code"]
    console.print(
        f"[bold]{escape(invoice['customer_id'])}[/], {invoice['period_start']:%Y-%m}: "
        f"[bold]{amount(invoice['total_minor'], exponent=exponent)} {currency}[/]"
    )
    for line in invoice["lines"]:
        unit = f" {escape(line['unit'])}" if line["unit"] else ""
        measured = f"{quantity(line['quantity'])}{unit}"
        cost = amount(line["amount_minor"], exponent=exponent)
        days = f"{line['service_start']} to {line['service_end']}"
        console.print(
            f"  {escape(line['label']):<40} {measured:>28} {cost:>14} {currency}  [dim]{days}[/]",
            soft_wrap=True,
        )
        for tier in line["tiers"]:
            end = "any" if tier["up_to"] is None else quantity(tier["up_to"])
            cost = quantity(tier["amount_unrounded"])
            console.print(
                f"    [dim]tier {tier['tier_number']} up to {end}: {quantity(tier['quantity'])} at "
                f"{quantity(tier['unit_price_unrounded'])} + "
                f"{quantity(tier['flat_fee_unrounded'])} = {cost}[/]",
                soft_wrap=True,
            )
