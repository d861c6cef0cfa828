"""Invoices: the list, and one invoice with how each of its lines came about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from dashboards import formatting
from dashboards.invoice_detail import show_invoice
from dashboards.invoice_queries import (
    Invoice,
    InvoiceFilter,
    InvoiceSum,
    load_billing_months,
    load_invoice_page,
    load_invoice_sums,
)
from dashboards.page_frame import show_empty, show_page
from dashboards.queries import load_customers

PAGE_SIZE = 25
ALL_MONTHS, ALL_CUSTOMERS, ALL_CURRENCIES = "All months", "All customers", "All currencies"
STATUSES = {"All": None, "Closed": "closed", "Draft": "draft"}
SORTS = {"Newest": "newest", "Largest amount": "amount", "Customer": "customer"}
NO_FILTERS = {
    "status": "All",
    "period": ALL_MONTHS,
    "customer": ALL_CUSTOMERS,
    "invoice_currency": ALL_CURRENCIES,
    "page": 1,
}


def show_invoices(version: str) -> None:
    """Writes the list, or the invoice that the address names."""
    invoice_key = st.query_params.get("invoice")
    if invoice_key:
        show_invoice(version, invoice_key=invoice_key)
        return
    months = load_billing_months(version)
    if not months:
        show_empty(
            "There are no invoices yet",
            "Drafts appear as soon as a customer with a subscription has a charge; they become "
            "invoices when the month is closed with `./meterhouse close`.",
            icon=":material/receipt_long:",
        )
        return
    show_list(version, months)


def show_list(version: str, months: Sequence[date]) -> None:
    """Writes filters, sums and one page of the list."""
    chosen, sort = choose_invoices(version, months)
    sums = load_invoice_sums(version, chosen)
    if not sums:
        show_empty("No invoice for these filters", "Choose another month, customer or status.")
        st.button("Reset the filters", icon=":material/restart_alt:", on_click=reset_filters)
        return
    show_sums(sums)
    page_count = -(-sum(row.invoice_count for row in sums) // PAGE_SIZE)
    page = 1
    if page_count > 1:
        page = st.pagination(page_count, key="page", bind="query-params")
    rows = load_invoice_page(
        version, chosen, sort=sort, page_size=PAGE_SIZE, first_row=(page - 1) * PAGE_SIZE
    )
    show_rows(rows)


def choose_invoices(version: str, months: Sequence[date]) -> tuple[InvoiceFilter, str]:
    """Writes the filters and returns what they say, and the order of the list."""
    customers = load_customers(version)
    by_label = {
        formatting.customer_label(c.customer_id, c.customer_name): c.customer_id for c in customers
    }
    by_month = {formatting.month(month): month for month in months}
    bound = {"bind": "query-params", "on_change": first_page}
    columns = st.columns([2, 2, 3, 2, 2])
    with columns[0]:
        status = st.selectbox("Status", list(STATUSES), key="status", **bound)
    with columns[1]:
        month = st.selectbox("Billing month", [ALL_MONTHS, *by_month], key="period", **bound)
    with columns[2]:
        customer = st.selectbox("Customer", [ALL_CUSTOMERS, *by_label], key="customer", **bound)
    with columns[3]:
        currencies = sorted({customer.currency_code for customer in customers})
        currency = st.selectbox(
            "Currency", [ALL_CURRENCIES, *currencies], key="invoice_currency", **bound
        )
    with columns[4]:
        sort = st.selectbox("Order by", list(SORTS), key="sort", **bound)
    chosen = InvoiceFilter(
        status=STATUSES[status],
        period_start=by_month.get(month),
        customer_id=by_label.get(customer),
        currency_code=None if currency == ALL_CURRENCIES else currency,
    )
    return chosen, SORTS[sort]


def show_sums(sums: Sequence[InvoiceSum]) -> None:
    """Writes count and total of what the filters let through, for each currency."""
    with st.container(horizontal=True, gap="large"):
        for row in sums:
            counts = [
                formatting.plural(row.closed_count, "invoice") if row.closed_count else "",
                formatting.plural(row.draft_count, "draft") if row.draft_count else "",
            ]
            total = formatting.money(
                row.total_minor, exponent=row.currency_exponent, currency_code=row.currency_code
            )
            st.markdown(f"**{total}** :gray[in {' and '.join(filter(None, counts))}]")


def show_rows(rows: Sequence[Invoice]) -> None:
    """Writes one page of the list; a chosen row opens its invoice."""
    keys = [row.invoice_key for row in rows]
    st.dataframe(
        [
            {
                "Number": row.invoice_number or "Draft",
                "Customer": row.customer_name,
                "Month": formatting.month(row.period_start),
                "Lines": formatting.amount(row.subtotal_minor, exponent=row.currency_exponent),
                "Tax": shown(row.tax_minor, exponent=row.currency_exponent),
                "Credits": shown(row.credit_minor, exponent=row.currency_exponent),
                "Total": formatting.amount(row.total_minor, exponent=row.currency_exponent),
                "Currency": row.currency_code,
                "Adjustments": shown(row.adjustment_minor, exponent=row.currency_exponent),
                "Issued": formatting.day(row.issued_at),
                "Due": formatting.day(row.due_on),
            }
            for row in rows
        ],
        hide_index=True,
        row_height=36,
        height="content",
        key="invoice_list",
        on_select=lambda: open_invoice(keys),
        selection_mode="single-row",
        column_config={
            "Number": st.column_config.TextColumn(width=120),
            "Customer": st.column_config.TextColumn(width=130),
            "Month": st.column_config.TextColumn(width=68),
            "Lines": st.column_config.TextColumn(
                width=85, alignment="right", help="The sum of the lines."
            ),
            "Tax": st.column_config.TextColumn(
                width=75, alignment="right", help="Tax that is added to the lines."
            ),
            "Credits": st.column_config.TextColumn(
                width=70, alignment="right", help="What prepaid credits pay."
            ),
            "Total": st.column_config.TextColumn(width=88, alignment="right"),
            "Currency": st.column_config.TextColumn(width=65),
            "Adjustments": st.column_config.TextColumn(
                width=98, alignment="right", help="The part that corrects earlier months."
            ),
            "Issued": st.column_config.TextColumn(width=88),
            "Due": st.column_config.TextColumn(width=88),
        },
        alt="Invoices; choose a row to open one",
    )
    st.caption("Choose a row by its box on the left to open the invoice.")


def shown(minor: int, *, exponent: int) -> str:
    """Returns an amount, a dash for zero."""
    return formatting.amount(minor, exponent=exponent) if minor else formatting.NOTHING


def open_invoice(keys: Sequence[str]) -> None:
    """Puts the chosen invoice into the address."""
    selected = st.session_state.invoice_list.selection.rows
    if selected:
        st.query_params["invoice"] = keys[selected[0]]


def first_page() -> None:
    """Goes back to the first page, since the list is another one now."""
    st.session_state["page"] = 1


def reset_filters() -> None:
    """Lets everything through again."""
    st.session_state.update(NO_FILTERS)


show_page("Invoices", "What was billed, and how each line came about.", show_invoices)
