"""What the page Quarantine reads: each query is one SELECT on one view."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import streamlit as st

from dashboards.connection import select_rows
from dashboards.queries import CACHE


@dataclass(frozen=True)
class ReasonCount:
    """Quarantined deliveries of one reason, by what was decided about them."""

    reason: str
    delivery_count: int
    open_count: int
    replayed_count: int
    discarded_count: int
    customer_count: int
    oldest_open_at: datetime | None


@dataclass(frozen=True)
class QuarantinedDelivery:
    """One delivery that could not be taken, with its raw text."""

    load_id: int
    delivery_id: str
    state: str
    who: str | None
    why: str | None
    file_name: str | None
    line_number: int | None
    reason: str
    detail: str
    customer_id: str | None
    event_id: str | None
    raw_text: str | None


@dataclass(frozen=True)
class Conflict:
    """A delivery that contradicts an accepted event, with both payloads."""

    customer_id: str
    event_id: str
    state: str
    differing_fields: str
    event_type: str
    occurred_at: datetime
    quantity: Decimal
    properties: str
    first_event_type: str
    first_occurred_at: datetime
    first_quantity: Decimal
    first_properties: str


QUARANTINE_REASONS = """
select
    reason, delivery_count, open_count, replayed_count, discarded_count, customer_count,
    oldest_open_at
from reporting.rpt_quarantine_reasons
order by open_count desc, reason
"""

QUARANTINE_PAGE = """
select
    load_id, delivery_id, state, who, why, file_name, line_number, reason, detail, customer_id,
    event_id, left(raw_text, 2000) as raw_text
from reporting.rpt_quarantine
where
    (cast(:reason as text) is null or reason = :reason)
    and (cast(:state as text) is null or state = :state)
order by load_id desc, file_name, line_number, delivery_id
limit :page_size offset :first_row
"""

CONFLICTS = """
select
    customer_id, event_id, state, differing_fields, event_type, occurred_at, quantity,
    left(properties, 2000) as properties, first_event_type, first_occurred_at, first_quantity,
    left(first_properties, 2000) as first_properties
from reporting.rpt_conflicts
order by load_id desc, delivery_id
limit :limit
"""


@st.cache_data(**CACHE)
def load_quarantine_reasons(version: str) -> list[ReasonCount]:
    """Returns how many deliveries each reason holds in quarantine, most open ones first."""
    return select_rows(ReasonCount, QUARANTINE_REASONS, {})


@st.cache_data(**CACHE)
def load_quarantine_page(
    version: str, *, reason: str | None, state: str | None, page_size: int, first_row: int
) -> list[QuarantinedDelivery]:
    """Returns one page of quarantined deliveries, newest load first."""
    parameters = {
        "reason": reason,
        "state": state,
        "page_size": page_size,
        "first_row": first_row,
    }
    return select_rows(QuarantinedDelivery, QUARANTINE_PAGE, parameters)


@st.cache_data(**CACHE)
def load_conflicts(version: str, *, limit: int) -> list[Conflict]:
    """Returns conflicts with both payloads, newest load first."""
    return select_rows(Conflict, CONFLICTS, {"limit": limit})
