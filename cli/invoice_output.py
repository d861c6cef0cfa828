"""How an invoice and the explanation of a line are printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from audit.explaining import Explanation
from audit.invoices import IssuedInvoice
from cli.display import console
from dashboards.formatting import (
    amount,
    day,
    money,
    month,
    period,
    plural,
    quantity,
    tax_words,
    unrounded,
)

Row = Mapping[str, Any]
_PARAMETERS = {
    "unit_price_unrounded": "{} a unit",
    "flat_amount_unrounded": "{} a period",
    "package_price_unrounded": "{} a package",
    "package_size": "{} units a package",
    "divide_by": "divided by {}",
    "free_units": "{} units free",
}


def print_invoice(found: IssuedInvoice) -> None:
    """Prints a closed invoice: header, lines with their tiers, total.

    Args:
        found: The invoice.
    """
    header = found.header
    exponent, currency = header["currency_exponent"], header["currency_code"]
    _line(
        f"[bold]Invoice {escape(header['invoice_number'])}[/] of {day(header['issued_at'])}, "
        f"due {day(header['due_on'])}"
    )
    for word, kind in (("from", "legal_entity"), ("to  ", "customer")):
        name = f"{header[f'{kind}_name']} ({header[f'{kind}_id']})"
        told = (name, header[f"{kind}_address"], header[f"{kind}_vat_id"])
        _line(f"{word} {escape(', '.join(part for part in told if part))}")
    _line(
        f"for  {month(header['period_start'])}, catalog version {header['catalog_version']}, "
        f"{plural(header['line_count'], 'line')}"
    )
    table = _table(("", "line", "service period"), ("quantity", currency))
    for line in found.lines:
        table.add_row(
            str(line["line_number"]),
            _label(line),
            period(line["service_start"], line["service_end"]),
            _measured(line),
            amount(line["amount_minor"], exponent=exponent),
        )
        table.add_row("", _dim(escape(_price(line))), "", "", "")
        for tier in line["tiers"]:
            figures = (quantity(tier["quantity"]), quantity(tier["amount_unrounded"]))
            table.add_row("", _dim(_tier(tier)), "", *(_dim(figure) for figure in figures))
    table.add_section()
    for what, minor in _totals(found):
        table.add_row("", what, "", "", amount(minor, exponent=exponent))
    total = amount(header["total_minor"], exponent=exponent)
    table.add_row("", "[bold]Total[/]", "", "", f"[bold]{total}[/]")
    console.print(table)
    for note in found.credit_notes:
        taken = money(note["total_minor"], exponent=exponent, currency_code=currency)
        again = ", billed again" if note["is_counted_as_billed"] else ""
        _line(
            f"Credit note {escape(note['credit_note_number'])} of {day(note['issued_at'])} "
            f"({note['note_type']}{again}): {taken}, {escape(note['reason'])}"
        )


def _totals(found: IssuedInvoice) -> Iterator[tuple[str, int]]:
    """What leads from the lines to the total; nothing where it is their sum."""
    if found.taxes or found.credits_used:
        yield "Lines", found.header["subtotal_minor"]
    for tax in found.taxes:
        words = tax_words(
            tax["treatment"],
            rate_percent=tax["rate_percent"],
            country_code=tax["country_code"],
            exempt_reason=tax["tax_exempt_reason"],
            is_included=tax["is_included"],
        )
        base = amount(tax["base_minor"], exponent=found.header["currency_exponent"])
        yield f"{escape(words)}, on {base}", tax["tax_minor"]
    for credit in found.credits_used:
        yield f"Prepaid credit: {escape(credit['label'])}", credit["paid_minor"]


def print_explanation(found: Explanation, *, first: int) -> None:
    """Prints what a line is made of.

    Args:
        found: The explanation, one page of it.
        first: How many days and events are left out before.
    """
    line = found.line
    shown = amount(line["amount_minor"], exponent=line["currency_exponent"])
    _line(
        f"[bold]{escape(line['invoice_number'])}, line {line['line_number']}:[/] {_label(line)}, "
        f"{period(line['service_start'], line['service_end'])}"
    )
    exact = unrounded(line["amount_unrounded"], exponent=line["currency_exponent"])
    counted = f"{_measured(line)} at " if found.is_of_usage else ""
    version = escape(line["price_version_id"] or "no price")
    _line(f"{counted}{version}: {exact}, rounded to {shown} {escape(line['currency_code'])}")
    for tier in line["tiers"]:
        _line(
            f"  {_tier(tier)}: {quantity(tier['quantity'])} = {quantity(tier['amount_unrounded'])}"
        )
    if not found.is_of_usage:
        _line("No usage is behind this line.")
        return
    _print_days(found, first)
    _print_events(found, first)
    for difference in found.differences:
        _line(f"[bold red]Differs:[/] {escape(difference)}")
    if not found.differences:
        _line("[green]Events and aggregates agree[/]" + _agreement(found))


def _agreement(found: Explanation) -> str:
    if found.measured_quantity is not None:
        return "[green] with each other and with the line.[/]"
    how = found.line["aggregation"]
    return f"[green].[/] The line's quantity is the {str(how).replace('_', ' ')} of these events."


def _print_days(found: Explanation, first: int) -> None:
    table = _table(("day", "dimensions"), ("events", "quantity", "greatest"))
    for row in found.days:
        table.add_row(day(row["usage_date"]), escape(row["dimension_key"]), *_figures(row))
    table.add_section()
    table.add_row(
        _shown("day", first, len(found.days), found.day_count), "", *_figures(found.aggregated)
    )
    console.print(table)


def _print_events(found: Explanation, first: int) -> None:
    table = _table(("event", "occurred at", "delivery", "file and line"), ("quantity",))
    for row in found.events:
        place = f"{row['file_name'] or row['source']}:{row['line_number']}"
        delivery = f"{row['load_id']}/{row['delivery_id']}"
        table.add_row(
            escape(row["event_id"]),
            f"{row['occurred_at']:%Y-%m-%d %H:%M:%S}",
            escape(delivery),
            escape(place),
            quantity(row["quantity"]),
        )
    counted = found.counted
    table.add_section()
    shown = _shown("event", first, len(found.events), counted["event_count"])
    table.add_row(shown, "", "", "", quantity(counted["quantity_sum"]))
    console.print(table)


def _shown(noun: str, first: int, count: int, total: int) -> str:
    if count == total:
        return plural(total, noun)
    return f"{first + 1:,} to {first + count:,} of {plural(total, noun)}"


def _figures(row: Row) -> Sequence[str]:
    return (
        f"{row['event_count']:,}",
        quantity(row["quantity_sum"]),
        quantity(row["quantity_max"]),
    )


def _label(line: Row) -> str:
    kind = (
        "" if line["line_type"] == "charge" else f" [dim]({line['line_type'].replace('_', ' ')})[/]"
    )
    return f"{escape(line['label'])}{kind}"


def _measured(line: Row) -> str:
    if line["meter_id"] is None:
        return ""
    return f"{quantity(line['quantity'])} {escape(line['unit'] or '')}".rstrip()


def _price(line: Row) -> str:
    """The price version of a line with its parameters, as known at the close."""
    if line["price_version_id"] is None:
        return line["plan_name"] or ""
    said = [
        words.format(quantity(line[name]))
        for name, words in _PARAMETERS.items()
        if line.get(name) is not None and line[name] != 0
    ]
    filtered = (
        f", {line['dimension_filter']}" if line["dimension_filter"] not in (None, "{}") else ""
    )
    told = ", ".join((str(line["charge_model"]).replace("_", " "), *said))
    return f"{line['plan_name']}, {line['price_version_id']}{filtered}: {told}"


def _tier(tier: Row) -> str:
    if tier["tier_number"] == 0:
        return "free" if tier["up_to"] is None else f"free (to {quantity(tier['up_to'])})"
    bound = f"to {quantity(tier['up_to'])}" if tier["up_to"] is not None else "beyond"
    fee = tier["flat_fee_unrounded"]
    said = f"tier {tier['tier_number']} ({bound}): {quantity(tier['unit_price_unrounded'])} a unit"
    return f"{said} + {quantity(fee)}" if fee else said


def _dim(text: str) -> str:
    return f"[dim]{text}[/]"


def _table(left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in left:
        table.add_column(title)
    for title in right:
        table.add_column(title, justify="right")
    return table


def _line(text: str) -> None:
    console.print(text, soft_wrap=True)
