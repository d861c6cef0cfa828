"""The credit notes on one invoice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboards import formatting
from dashboards.connection import select_rows
from dashboards.invoice_queries import Invoice
from dashboards.queries import CACHE

CREDIT_NOTES = """
    select credit_note_number, note_type, invoice_line_number, label, reason, amount_minor,
        issued_at
    from reporting.rpt_credit_note_lines
    where customer_id = :customer_id and invoice_number = :invoice_number
    order by issued_at, credit_note_number, line_number
"""


@dataclass(frozen=True)
class CreditNoteLine:
    """One line of a credit note."""

    credit_note_number: str
    note_type: str
    invoice_line_number: int | None
    label: str
    reason: str
    amount_minor: int
    issued_at: datetime


@st.cache_data(**CACHE)
def load_credit_notes(
    version: str, *, customer_id: str, invoice_number: str
) -> list[CreditNoteLine]:
    """Returns the lines of the credit notes on an invoice, in the order of issue."""
    keys = {"customer_id": customer_id, "invoice_number": invoice_number}
    return select_rows(CreditNoteLine, CREDIT_NOTES, keys)


def show_credit_notes(version: str, invoice: Invoice) -> None:
    """Writes what credit notes took off an invoice, where there are any."""
    if invoice.invoice_number is None:
        return
    lines = load_credit_notes(
        version, customer_id=invoice.customer_id, invoice_number=invoice.invoice_number
    )
    if not lines:
        return
    st.subheader("Credit notes", anchor=False)
    amount = f"Amount ({invoice.currency_code})"
    st.dataframe(
        [
            {
                "Credit note": line.credit_note_number,
                "Issued": formatting.day(line.issued_at),
                "Kind": formatting.words(line.note_type),
                "Line": formatting.count(line.invoice_line_number),
                "What": line.label,
                "Reason": line.reason,
                amount: formatting.amount(line.amount_minor, exponent=invoice.currency_exponent),
            }
            for line in lines
        ],
        hide_index=True,
        column_config={
            "Line": st.column_config.TextColumn(alignment="right"),
            amount: st.column_config.TextColumn(alignment="right"),
        },
        alt="Credit notes on the invoice",
    )
