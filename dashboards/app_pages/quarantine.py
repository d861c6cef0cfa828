"""Quarantine: deliveries that could not be taken, each with its reason and its raw text."""

from __future__ import annotations

import streamlit as st

from dashboards import formatting
from dashboards.page_frame import show_empty, show_page
from dashboards.queries import load_quarantine_page, load_quarantine_reasons

PAGE_SIZE = 50
ALL_REASONS = "All reasons"


def show_quarantine(version: str) -> None:
    """Writes the page."""
    counts = {row.reason: row.delivery_count for row in load_quarantine_reasons(version)}
    if not counts:
        show_empty(
            "Nothing is in quarantine",
            "Every delivery so far was either accepted or known already.",
            icon=":material/check_circle:",
        )
        return
    by_label = {formatting.words(reason): reason for reason in counts}
    label = st.selectbox(
        "Reason", [ALL_REASONS, *by_label], key="reason", bind="query-params", width=320
    )
    reason = by_label.get(label)
    row_count = counts[reason] if reason else sum(counts.values())
    page_count = -(-row_count // PAGE_SIZE)
    st.markdown(f"**{formatting.plural(row_count, 'delivery', several='deliveries')}**")
    page = 1
    if page_count > 1:
        page = st.pagination(page_count, key="quarantine_page", bind="query-params")
    rows = load_quarantine_page(
        version, reason=reason, page_size=PAGE_SIZE, first_row=(page - 1) * PAGE_SIZE
    )
    st.dataframe(
        [
            {
                "Load": str(row.load_id),
                "File": row.file_name or formatting.NOTHING,
                "Line": formatting.count(row.line_number),
                "Reason": formatting.words(row.reason),
                "Detail": row.detail,
                "Customer": row.customer_id or formatting.NOTHING,
                "Event": row.event_id or formatting.NOTHING,
                "Raw text": row.raw_text or formatting.NOTHING,
            }
            for row in rows
        ],
        hide_index=True,
        row_height=36,
        height="content",
        column_config={
            "Load": st.column_config.TextColumn(alignment="right", width=60),
            "Line": st.column_config.TextColumn(alignment="right", width=70),
            "Detail": st.column_config.TextColumn(width=440),
            "Customer": st.column_config.TextColumn(width=120),
            "Event": st.column_config.TextColumn(width=150),
            "Raw text": st.column_config.TextColumn(width=600),
        },
        alt="Quarantined deliveries with reason and raw text",
    )


show_page(
    "Quarantine", "Deliveries that could not be taken; nothing is thrown away.", show_quarantine
)
