"""Quarantine: deliveries that could not be taken, what was decided about each, and conflicts."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboards import formatting
from dashboards.page_frame import show_empty, show_page
from dashboards.quarantine_queries import (
    Conflict,
    QuarantinedDelivery,
    ReasonCount,
    load_conflicts,
    load_quarantine_page,
    load_quarantine_reasons,
)

PAGE_SIZE = 50
CONFLICTS_SHOWN = 50
ALL_REASONS = "All reasons"
ALL_STATES = "All"
STATES = ("open", "replayed", "discarded")
CONFLICTING = "conflicting_duplicate"


def show_quarantine(version: str) -> None:
    """Writes the page."""
    reasons = load_quarantine_reasons(version)
    if not reasons:
        show_empty(
            "Nothing is in quarantine",
            "Every delivery so far was either accepted or known already.",
            icon=":material/check_circle:",
        )
        return
    _show_reasons(reasons)
    by_label = {formatting.words(row.reason): row for row in reasons}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Reason", [ALL_REASONS, *by_label], key="reason", bind="query-params", width=320
        )
        chosen_state = st.segmented_control(
            "State",
            [ALL_STATES, *(state.capitalize() for state in STATES)],
            default=ALL_STATES,
            key="state",
        )
    chosen = by_label.get(label)
    state = chosen_state.lower() if chosen_state and chosen_state != ALL_STATES else None
    _show_deliveries(version, reasons, chosen, state)
    if chosen is None or chosen.reason == CONFLICTING:
        _show_conflicts(version, reasons)


def _show_reasons(reasons: Sequence[ReasonCount]) -> None:
    st.dataframe(
        [
            {
                "Reason": formatting.words(row.reason),
                "Open": formatting.count(row.open_count),
                "Replayed": formatting.count(row.replayed_count),
                "Discarded": formatting.count(row.discarded_count),
                "Customers": formatting.count(row.customer_count),
                "Oldest open": formatting.moment(row.oldest_open_at)
                if row.oldest_open_at
                else formatting.NOTHING,
            }
            for row in reasons
        ],
        hide_index=True,
        row_height=36,
        height="content",
        column_config={
            name: st.column_config.TextColumn(alignment="right")
            for name in ("Open", "Replayed", "Discarded", "Customers")
        },
        alt="Deliveries in quarantine by reason and by what was decided",
    )


def _show_deliveries(
    version: str, reasons: Sequence[ReasonCount], chosen: ReasonCount | None, state: str | None
) -> None:
    rows_of = [chosen] if chosen else list(reasons)
    counted = "delivery_count" if state is None else f"{state}_count"
    row_count = sum(getattr(row, counted) for row in rows_of)
    st.markdown(f"**{formatting.plural(row_count, 'delivery', several='deliveries')}**")
    if not row_count:
        return
    page_count = -(-row_count // PAGE_SIZE)
    page = 1
    if page_count > 1:
        page = st.pagination(page_count, key="quarantine_page", bind="query-params")
    rows = load_quarantine_page(
        version,
        reason=chosen.reason if chosen else None,
        state=state,
        page_size=PAGE_SIZE,
        first_row=(page - 1) * PAGE_SIZE,
    )
    st.dataframe(
        [_delivery_row(row) for row in rows],
        hide_index=True,
        row_height=36,
        height="content",
        column_config={
            "Delivery": st.column_config.TextColumn(width=190),
            "State": st.column_config.TextColumn(width=90),
            "Line": st.column_config.TextColumn(alignment="right", width=70),
            "Detail": st.column_config.TextColumn(width=380),
            "Customer": st.column_config.TextColumn(width=120),
            "Event": st.column_config.TextColumn(width=150),
            "Decided": st.column_config.TextColumn(width=220),
            "Raw text": st.column_config.TextColumn(width=600),
        },
        alt="Quarantined deliveries with reason, state and raw text",
    )
    st.caption(
        "Mend the cause, then `./meterhouse quarantine replay`; "
        "`--dry-run` says what it would admit."
    )


def _delivery_row(row: QuarantinedDelivery) -> dict[str, str]:
    return {
        "Delivery": f"{row.load_id}/{row.delivery_id}",
        "State": row.state.capitalize(),
        "Reason": formatting.words(row.reason),
        "Detail": row.detail,
        "Customer": row.customer_id or formatting.NOTHING,
        "Event": row.event_id or formatting.NOTHING,
        "File": row.file_name or formatting.NOTHING,
        "Line": formatting.count(row.line_number),
        "Decided": f"{row.who}: {row.why}" if row.who else formatting.NOTHING,
        "Raw text": row.raw_text or formatting.NOTHING,
    }


def _show_conflicts(version: str, reasons: Sequence[ReasonCount]) -> None:
    """Writes both payloads of each conflict, the field names that differ first."""
    count = sum(row.delivery_count for row in reasons if row.reason == CONFLICTING)
    if not count:
        return
    st.subheader("Conflicts", anchor=False)
    st.caption("The first delivery of an event is accepted; a later one said something else.")
    st.dataframe(
        [_conflict_row(row) for row in load_conflicts(version, limit=CONFLICTS_SHOWN)],
        hide_index=True,
        row_height=36,
        height="content",
        column_config={
            name: st.column_config.TextColumn(alignment="right")
            for name in ("Accepted quantity", "Later quantity")
        },
        alt="Conflicting deliveries, accepted and later payload side by side",
    )
    if count > CONFLICTS_SHOWN:
        st.caption(f"The newest {CONFLICTS_SHOWN} of {formatting.count(count)}.")


def _conflict_row(row: Conflict) -> dict[str, str]:
    return {
        "Customer": row.customer_id,
        "Event": row.event_id,
        "State": row.state.capitalize(),
        "Differs in": row.differing_fields.replace("_", " "),
        "Accepted quantity": formatting.quantity(row.first_quantity),
        "Later quantity": formatting.quantity(row.quantity),
        "Accepted time": formatting.moment(row.first_occurred_at),
        "Later time": formatting.moment(row.occurred_at),
        "Accepted type": row.first_event_type,
        "Later type": row.event_type,
        "Accepted properties": row.first_properties,
        "Later properties": row.properties,
    }


show_page(
    "Quarantine", "Deliveries that could not be taken; nothing is thrown away.", show_quarantine
)
