"""A closed invoice as it was issued: header, lines, tiers, and the price version of each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from audit.snapshots import Row, select, snapshot
from warehouse import MeterhouseError, Warehouse

_HEADER = text("select * from marts.fct_invoices where invoice_number = :number")
_LINES = text("""
    select lines.*, prices.valid_from, prices.valid_to, prices.unit_price_unrounded,
        prices.flat_amount_unrounded, prices.package_size, prices.package_price_unrounded,
        prices.divide_by, prices.free_units
    from marts.fct_invoice_lines as lines
    left join staging.stg_catalog__prices as prices
        on prices.catalog_version = :catalog_version
            and prices.price_version_id = lines.price_version_id
    where lines.customer_id = :customer_id and lines.invoice_key = :invoice_key
    order by lines.line_number
""")
_TIERS = text("""
    select line_key, tier_number, up_to, quantity, unit_price_unrounded, flat_fee_unrounded,
        amount_unrounded
    from marts.fct_invoice_line_tiers
    where customer_id = :customer_id and invoice_key = :invoice_key
    order by line_key, tier_number
""")
_NOTES = text("""
    select * from marts.fct_credit_notes
    where customer_id = :customer_id and invoice_key = :invoice_key
    order by issued_at, credit_note_number
""")
_NOTE = text("select * from marts.fct_credit_notes where credit_note_number = :number")
_TAXES = text("""
    select treatment, tax_exempt_reason, country_code, rate_percent, base_minor, tax_minor,
        is_included
    from marts.fct_invoice_taxes
    where customer_id = :customer_id and invoice_key = :invoice_key
    order by rate_percent desc, treatment
""")
_CREDITS = text("""
    select grant_id, label, -amount_minor as paid_minor
    from marts.fct_credit_applications
    where customer_id = :customer_id and invoice_key = :invoice_key
    order by position
""")
_NEWEST = text("""
    select invoice_number from marts.fct_invoices
    order by issued_at desc, invoice_number desc limit 3
""")


@dataclass(frozen=True)
class IssuedInvoice:
    """A closed invoice.

    Attributes:
        header: Its header, by column.
        lines: Its lines in their order, each with the parameters of its price version and `tiers`.
        credit_notes: The credit notes on it, in the order of issue.
        taxes: Its taxes, the highest rate first.
        credits_used: What prepaid credits pay, below zero, in the order of their use.
    """

    header: Row
    lines: Sequence[Row]
    credit_notes: Sequence[Row]
    taxes: Sequence[Row]
    credits_used: Sequence[Row]


def read_invoice(warehouse: Warehouse, number: str) -> IssuedInvoice:
    """Reads a closed invoice.

    Args:
        warehouse: The warehouse.
        number: The invoice's number.

    Returns:
        The invoice.

    Raises:
        MeterhouseError: No closed invoice has this number.
    """
    with snapshot(warehouse) as connection:
        header = find_header(connection, number)
        keys = {name: header[name] for name in ("customer_id", "invoice_key")}
        tiers = select(connection, _TIERS, **keys)
        lines = [
            {**line, "tiers": [tier for tier in tiers if tier["line_key"] == line["line_key"]]}
            for line in select(
                connection, _LINES, **keys, catalog_version=header["catalog_version"]
            )
        ]
        return IssuedInvoice(
            header,
            lines,
            credit_notes=select(connection, _NOTES, **keys),
            taxes=select(connection, _TAXES, **keys),
            credits_used=select(connection, _CREDITS, **keys),
        )


def read_credit_note(warehouse: Warehouse, number: str) -> Row:
    """Reads the header of a credit note that was issued.

    Args:
        warehouse: The warehouse.
        number: The number of the note.

    Returns:
        The header, by column.
    """
    with snapshot(warehouse) as connection:
        return select(connection, _NOTE, number=number)[0]


def find_header(connection: Connection, number: str) -> Row:
    """Reads the header of a closed invoice.

    Args:
        connection: Where to read.
        number: The invoice's number.

    Returns:
        The header, by column.

    Raises:
        MeterhouseError: No closed invoice has this number.
    """
    found = select(connection, _HEADER, number=number)
    if not found:
        newest = [row["invoice_number"] for row in select(connection, _NEWEST)]
        known = f"the newest ones are {', '.join(newest)}" if newest else "no month is closed yet"
        raise MeterhouseError(
            f"No closed invoice has the number {number}.",
            remedy=f"{known}; drafts have no number, the dashboards and export show them",
        )
    return found[0]
