"""Overview: what each month comes to, and what became of every delivery."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboards import charts, formatting
from dashboards.page_frame import show_empty, show_page
from dashboards.queries import EventFate, OverviewMonth, load_event_fates, load_overview_months

STATUS_BADGES = {
    "closed": ("Closed", ":material/lock:", "green"),
    "draft": ("Draft, still moving", ":material/edit:", "orange"),
    "partly_closed": ("Partly closed", ":material/lock_open:", "blue"),
}
FATE_MEANING = {
    "accepted": "counted once",
    "duplicate": "the same event again, counted already",
    "quarantined": "could not be taken; kept with its reason",
}


def show_overview(version: str) -> None:
    """Writes the page."""
    months = load_overview_months(version)
    if not months:
        show_empty(
            "No month to show yet",
            "Usage has landed, but none of it belongs to a customer of the catalog so far. The "
            "table below says what became of it.",
        )
    else:
        show_months(months)
    show_fates(load_event_fates(version))


def show_months(months: Sequence[OverviewMonth]) -> None:
    """Writes figures, charts and table of one currency."""
    currencies = sorted({month.currency_code for month in months})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        currency = st.segmented_control(
            "Currency",
            currencies,
            default=currencies[0],
            required=True,
            key="currency",
            bind="query-params",
            help="One currency at a time: money of different currencies is never added up.",
        )
        own = [month for month in months if month.currency_code == currency]
        names = [formatting.month(month.month_start) for month in reversed(own)]
        chosen = st.selectbox("Month", names, key="month", bind="query-params", width=160)
    shown = next((m for m in own if formatting.month(m.month_start) == chosen), own[-1])
    position = own.index(shown)
    show_figures(shown, before=own[position - 1] if position else None)
    left, right = st.columns(2)
    with left.container(border=True):
        st.subheader("Invoiced and drafted", anchor=False)
        st.caption(f"Total per month in {currency}, before tax")
        st.plotly_chart(
            charts.money_by_month(own),
            config=charts.QUIET,
            alt=f"Invoiced and drafted money per month in {currency}",
        )
    with right.container(border=True):
        st.subheader("Accepted events", anchor=False)
        st.caption(f"Usage events per month of customers billed in {currency}")
        st.plotly_chart(
            charts.events_by_month(own),
            config=charts.QUIET,
            alt=f"Accepted events per month of customers billed in {currency}",
        )
    show_month_table(own)


def show_figures(month: OverviewMonth, *, before: OverviewMonth | None) -> None:
    """Writes the four figures of a month, each with its change from the month before."""
    exponent = month.currency_exponent
    label, icon, colour = STATUS_BADGES.get(month.status, (month.status, None, "gray"))
    since = f"from {formatting.month(before.month_start)}" if before else None
    tone = "normal" if month.status == "closed" else "off"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(formatting.month(month.month_start), anchor=False, width="content")
        st.badge(label, icon=icon, color=colour)
    with st.grid(4, min_column_width=200, gap="small"):
        st.metric(
            "Total",
            formatting.money(
                month.total_minor, exponent=exponent, currency_code=month.currency_code
            ),
            formatting.change(month.total_change_minor, exponent=exponent),
            delta_color=tone,
            delta_description=since if month.total_change_minor is not None else None,
            help="All invoices and drafts of the month, before tax.",
            border=True,
            height="stretch",
        )
        figures = (
            ("Invoices", month.invoice_count, before and before.invoice_count),
            ("Customers billed", month.customer_count, before and before.customer_count),
            ("Accepted events", month.event_count, before and before.event_count),
        )
        for title, value, previous in figures:
            st.metric(
                title,
                formatting.count(value),
                formatting.count_change(value, previous),
                delta_color=tone,
                delta_description=since if previous is not None else None,
                border=True,
                height="stretch",
            )


def show_month_table(months: Sequence[OverviewMonth]) -> None:
    """Writes one row per month, the newest first, and the way to its invoices."""
    with st.container(border=True):
        st.subheader("Months", anchor=False)
        right = {"alignment": "right"}
        rows = [
            {
                "Month": formatting.month(month.month_start),
                "Status": STATUS_BADGES.get(month.status, (month.status,))[0],
                "Invoices": formatting.count(month.invoice_count),
                "Invoiced": formatting.amount(
                    month.closed_total_minor, exponent=month.currency_exponent
                ),
                "Drafted": formatting.amount(
                    month.draft_total_minor, exponent=month.currency_exponent
                ),
                "Of which adjustments": formatting.amount(
                    month.adjustment_minor, exponent=month.currency_exponent
                ),
                f"Total ({month.currency_code})": formatting.amount(
                    month.total_minor, exponent=month.currency_exponent
                ),
            }
            for month in reversed(months)
        ]
        st.dataframe(
            rows,
            hide_index=True,
            column_config={
                name: st.column_config.TextColumn(**right) for name in list(rows[0])[2:]
            },
            alt="Invoices and totals of each month",
        )
        currency = months[0].currency_code
        with st.container(horizontal=True):
            for month in list(reversed(months))[:3]:
                name = formatting.month(month.month_start)
                st.page_link(
                    "app_pages/invoices.py",
                    label=f"Invoices of {name}",
                    icon=":material/receipt_long:",
                    query_params={"period": name, "invoice_currency": currency},
                )


def show_fates(fates: Sequence[EventFate]) -> None:
    """Writes what became of every delivery: received = accepted + duplicate + quarantined."""
    with st.container(border=True):
        st.subheader("What became of every delivery", anchor=False)
        if not fates:
            st.caption("Nothing has been admitted yet.")
            return
        by_fate = {fate.fate: int(fate.fate_delivery_count) for fate in fates}
        parts = [f"{formatting.count(by_fate.get(name, 0))} {name}" for name in FATE_MEANING]
        received = formatting.count(fates[0].received_count)
        st.markdown(f"**{received} received** = {' + '.join(parts)}")
        rows = [
            {
                "Fate": fate.fate,
                "Reason": formatting.words(fate.reason or ""),
                "Deliveries": formatting.count(fate.delivery_count),
                "Loads": formatting.count(fate.load_count),
                "Meaning": FATE_MEANING.get(fate.fate, ""),
            }
            for fate in fates
        ]
        st.dataframe(
            rows,
            hide_index=True,
            column_config={
                "Deliveries": st.column_config.TextColumn(alignment="right"),
                "Loads": st.column_config.TextColumn(alignment="right"),
            },
            alt="Deliveries by fate and reason",
        )
        if by_fate.get("quarantined"):
            st.page_link(
                "app_pages/quarantine.py",
                label="See what is in quarantine",
                icon=":material/block:",
            )


show_page("Overview", "What each month comes to, one currency at a time.", show_overview)
