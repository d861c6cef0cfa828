"""From the lines of an invoice to what is to be paid: taxes, credits, total."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboards import formatting
from dashboards.invoice_queries import Invoice
from dashboards.total_queries import InvoiceCredit, InvoiceTax


def show_totals(
    invoice: Invoice, taxes: Sequence[InvoiceTax], credits_used: Sequence[InvoiceCredit]
) -> None:
    """Writes how the total comes about; nothing where it is the sum of the lines."""
    if not taxes and not credits_used:
        return
    st.subheader("From the lines to the total", anchor=False)
    amount_column = f"Amount ({invoice.currency_code})"
    st.dataframe(
        [
            {"What": what, "On": base, amount_column: amount}
            for what, base, amount in total_rows(invoice, taxes, credits_used)
        ],
        hide_index=True,
        height="content",
        column_config={
            "What": st.column_config.TextColumn(width="large"),
            "On": st.column_config.TextColumn(alignment="right"),
            amount_column: st.column_config.TextColumn(alignment="right"),
        },
        alt="From the lines to the total",
    )


def total_rows(
    invoice: Invoice, taxes: Sequence[InvoiceTax], credits_used: Sequence[InvoiceCredit]
) -> list[tuple[str, str, str]]:
    """Returns what leads from the lines to the total: what, on which amount, how much."""
    exponent = invoice.currency_exponent

    def shown(minor: int) -> str:
        return formatting.amount(minor, exponent=exponent)

    rows = [("Lines", formatting.NOTHING, shown(invoice.subtotal_minor))]
    rows += [
        (
            formatting.tax_words(
                tax.treatment,
                rate_percent=tax.rate_percent,
                country_code=tax.country_code,
                exempt_reason=tax.tax_exempt_reason,
                is_included=tax.is_included,
            ),
            shown(tax.base_minor),
            f"({shown(tax.tax_minor)})" if tax.is_included else shown(tax.tax_minor),
        )
        for tax in taxes
    ]
    rows += [
        (f"Prepaid credit: {credit.label}", formatting.NOTHING, shown(credit.paid_minor))
        for credit in credits_used
    ]
    return [*rows, ("Total", formatting.NOTHING, shown(invoice.total_minor))]


def total_checks(
    invoice: Invoice, taxes: Sequence[InvoiceTax], credits_used: Sequence[InvoiceCredit]
) -> list[tuple[bool, str]]:
    """Returns whether taxes and credits make the total, as the database adds them up."""
    if invoice.total_minor == invoice.subtotal_minor and not taxes and not credits_used:
        return []
    tax_minor = taxes[0].invoice_tax_minor if taxes else 0
    credit_minor = credits_used[0].invoice_credit_minor if credits_used else 0
    is_whole = (
        tax_minor == invoice.taxes_minor
        and credit_minor == invoice.credit_minor
        and invoice.total_minor == invoice.lines_taxes_credits_minor
    )
    total = formatting.money(
        invoice.total_minor,
        exponent=invoice.currency_exponent,
        currency_code=invoice.currency_code,
    )
    return [(is_whole, f"lines, taxes and credits come to {total}")]
