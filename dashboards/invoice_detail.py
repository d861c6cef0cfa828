"""One invoice: its head, its lines, how each amount came about, and proof that it adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO

import streamlit as st

from dashboards import formatting
from dashboards.credit_notes import show_credit_notes
from dashboards.formatting import plain
from dashboards.invoice_explanation import (
    charge_words,
    has_quantity,
    kind_words,
    matches,
    price_words,
    rounding_words,
    tier_rows,
)
from dashboards.invoice_queries import (
    Invoice,
    InvoiceLine,
    LineTier,
    load_invoice,
    load_invoice_lines,
    load_line_tiers,
    write_invoice_lines_csv,
)
from dashboards.invoice_totals import show_totals, total_checks
from dashboards.page_frame import show_empty
from dashboards.total_queries import load_invoice_credits, load_invoice_taxes

RIGHT = "right"
MOST_LINES_AT_ONCE = 50
TABLE_HEIGHT = 800


def show_invoice(version: str, *, invoice_key: str) -> None:
    """Writes one invoice."""
    st.button("All invoices", icon=":material/arrow_back:", on_click=close_invoice, type="tertiary")
    invoice = load_invoice(version, invoice_key=invoice_key)
    if invoice is None:
        show_empty(
            "There is no such invoice",
            "A draft disappears when its charges do; the link may also be of another warehouse.",
        )
        return
    lines = load_invoice_lines(version, invoice_key=invoice_key)
    tiers = load_line_tiers(version, invoice_key=invoice_key)
    taxes = load_invoice_taxes(version, invoice_key=invoice_key)
    credits_used = load_invoice_credits(version, invoice_key=invoice_key)
    show_head(invoice)
    checks = sum_checks(invoice, lines, tiers) + total_checks(invoice, taxes, credits_used)
    show_checks(invoice, checks)
    show_lines(invoice, lines)
    show_totals(invoice, taxes, credits_used)
    show_credit_notes(version, invoice)
    show_explanations(invoice, lines, tiers)


def show_head(invoice: Invoice) -> None:
    """Writes number, customer, dates and total."""
    exponent = invoice.currency_exponent
    with st.container(horizontal=True, vertical_alignment="center"):
        month = formatting.month(invoice.period_start)
        title = invoice.invoice_number or f"Draft for {month}"
        st.header(title, anchor=False, width="content")
        if invoice.status == "closed":
            st.badge("Closed", icon=":material/lock:", color="green")
        else:
            st.badge("Draft, still moving", icon=":material/edit:", color="orange")
    left, right = st.columns([3, 2])
    with left.container(border=True, height="stretch"):
        st.table(
            {
                "Customer": plain(f"{invoice.customer_name} ({invoice.customer_id})"),
                "Issued by": plain(f"{invoice.legal_entity_name} ({invoice.legal_entity_id})"),
                "Billing period": formatting.period(invoice.period_start, invoice.period_end),
                "Issued": formatting.day(invoice.issued_at),
                "Due": formatting.day(invoice.due_on),
                "Catalog version": str(invoice.catalog_version),
            },
            border="horizontal",
        )
    with right:
        st.metric(
            "Total",
            formatting.money(
                invoice.total_minor, exponent=exponent, currency_code=invoice.currency_code
            ),
            border=True,
        )
        st.metric(
            "Of which adjustments of earlier months",
            formatting.money(
                invoice.adjustment_minor, exponent=exponent, currency_code=invoice.currency_code
            ),
            border=True,
        )


def sum_checks(
    invoice: Invoice, lines: Sequence[InvoiceLine], tiers: Mapping[str, Sequence[LineTier]]
) -> list[tuple[bool, str]]:
    """Returns whether the parts make the whole, as the database adds them up, and a sentence."""
    line_count = lines[0].invoice_line_count if lines else 0
    amount_minor = lines[0].invoice_amount_minor if lines else 0
    total = formatting.money(
        amount_minor, exponent=invoice.currency_exponent, currency_code=invoice.currency_code
    )
    verb = "adds" if line_count == 1 else "add"
    is_whole = amount_minor == invoice.subtotal_minor and line_count == invoice.line_count
    checks = [(is_whole, f"{formatting.plural(line_count, 'line')} {verb} up to {total}")]
    explained = [line for line in lines if line.line_key in tiers]
    exact = [
        line
        for line in explained
        if matches(tiers[line.line_key][0].line_amount_unrounded, line.amount_unrounded)
    ]
    if explained:
        checks.append(
            (
                len(exact) == len(explained),
                f"steps add up exactly in {len(exact)} of "
                f"{formatting.plural(len(explained), 'line')}",
            )
        )
    return checks


def show_checks(invoice: Invoice, checks: Sequence[tuple[bool, str]]) -> None:
    """Writes whether the parts make the whole, and the download."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for is_right, sentence in checks:
            st.badge(
                sentence,
                icon=":material/check:" if is_right else ":material/error:",
                color="green" if is_right else "red",
            )
        st.space("stretch")
        st.download_button(
            "Download these lines as CSV",
            data=partial(lines_csv, invoice.invoice_key),
            file_name=f"{invoice.invoice_number or 'draft_' + invoice.invoice_key}_lines.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def show_lines(invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
    """Writes the table of lines."""
    currency = invoice.currency_code
    st.subheader("Lines", anchor=False)
    st.dataframe(
        [
            {
                "#": str(line.line_number),
                "What": line.label,
                "Kind": kind_words(line),
                "Plan": line.plan_name or formatting.NOTHING,
                "Service period": formatting.period(line.service_start, line.service_end),
                "Quantity": formatting.quantity(line.quantity if has_quantity(line) else None),
                "Unit": line.unit or formatting.NOTHING,
                f"Amount ({currency})": formatting.amount(
                    line.amount_minor, exponent=invoice.currency_exponent
                ),
            }
            for line in lines
        ],
        hide_index=True,
        height="content" if len(lines) <= MOST_LINES_AT_ONCE else TABLE_HEIGHT,
        column_config={
            "#": st.column_config.TextColumn(alignment=RIGHT, width=48),
            "Quantity": st.column_config.TextColumn(alignment=RIGHT),
            f"Amount ({currency})": st.column_config.TextColumn(alignment=RIGHT),
        },
        alt="Lines of the invoice",
    )


def show_explanations(
    invoice: Invoice, lines: Sequence[InvoiceLine], tiers: Mapping[str, Sequence[LineTier]]
) -> None:
    """Writes how each line's amount came about."""
    st.subheader("How each amount came about", anchor=False)
    exponent = invoice.currency_exponent
    for line in lines:
        amount = formatting.money(
            line.amount_minor, exponent=exponent, currency_code=invoice.currency_code
        )
        mark = " :orange-badge[Adjustment]" if line.line_type == "adjustment" else ""
        with st.expander(
            f"{line.line_number} · {plain(line.label)} · **{amount}**{mark}",
            expanded=len(lines) <= 6,
        ):
            st.markdown(charge_words(line))
            steps = tiers.get(line.line_key, ())
            if steps:
                rows = tier_rows(line, steps, exponent=exponent, currency=invoice.currency_code)
                st.dataframe(
                    rows,
                    hide_index=True,
                    column_config={
                        name: st.column_config.TextColumn(alignment=RIGHT)
                        for name in list(rows[0])[1:]
                    },
                    alt=f"Steps of line {line.line_number}",
                )
            st.caption(
                f"{rounding_words(line, exponent=exponent, currency=invoice.currency_code)} "
                f"{price_words(line)}"
            )


def lines_csv(invoice_key: str) -> bytes:
    """Returns the lines of an invoice as CSV."""
    buffer = BytesIO()
    write_invoice_lines_csv(invoice_key, target=buffer)
    return buffer.getvalue()


def close_invoice() -> None:
    """Goes back to the list."""
    st.query_params.pop("invoice", None)
