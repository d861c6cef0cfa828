"""What the pages read about loads, months and usage: each query is one SELECT on one view.

The first argument of every cached loader is the data version, so that a new load, a close or a new
catalog shows at once, while unchanged data is read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import streamlit as st

from dashboards.connection import select_rows, source_name

CACHE = {"ttl": "10m", "max_entries": 128, "show_spinner": False}


@dataclass(frozen=True)
class Freshness:
    """How new the data is; one row."""

    data_version: str
    data_as_of: datetime | None
    landed_load_count: int
    pending_load_count: int
    event_count: int
    newest_event_at: datetime | None
    last_closed_period_start: date | None


@dataclass(frozen=True)
class OverviewMonth:
    """Money and events of one month and currency."""

    month_start: date
    currency_code: str
    currency_exponent: int
    status: str
    invoice_count: int
    customer_count: int
    event_count: int
    total_minor: int
    closed_total_minor: int
    draft_total_minor: int
    adjustment_minor: int
    previous_total_minor: int | None
    total_change_minor: int | None


@dataclass(frozen=True)
class EventFate:
    """Deliveries that met one fate for one reason, all loads together."""

    fate: str
    reason: str | None
    delivery_count: int
    load_count: int
    fate_delivery_count: int
    received_count: int


@dataclass(frozen=True)
class Customer:
    """One customer."""

    customer_id: str
    customer_name: str
    currency_code: str


FRESHNESS = """
select
    data_version, data_as_of, landed_load_count, pending_load_count, event_count, newest_event_at,
    last_closed_period_start
from reporting.rpt_data_freshness
"""

OVERVIEW_MONTHS = """
select
    month_start, currency_code, currency_exponent, status, invoice_count, customer_count,
    event_count, total_minor, closed_total_minor, draft_total_minor, adjustment_minor,
    previous_total_minor, total_change_minor
from reporting.rpt_overview_months
order by currency_code, month_start
"""

EVENT_FATES = """
select
    fate, nullif(reason, fate) as reason, sum(delivery_count) as delivery_count,
    count(distinct load_id) as load_count,
    sum(sum(delivery_count)) over (partition by fate) as fate_delivery_count,
    sum(sum(delivery_count)) over () as received_count
from reporting.rpt_event_fates
group by fate, reason
order by fate, sum(delivery_count) desc, reason
"""

CUSTOMERS = """
select customer_id, customer_name, currency_code
from reporting.rpt_customers
order by customer_name, customer_id
"""


@st.cache_data(ttl="10s", max_entries=8, show_spinner=False)
def load_freshness(source: str) -> tuple[Freshness, str]:
    """Returns how new the data is, and the data version for every other loader.

    Args:
        source: Name of the database that is read.
    """
    freshness = select_rows(Freshness, FRESHNESS, {})[0]
    return freshness, f"{source}:{freshness.data_version}"


def read_freshness() -> tuple[Freshness, str]:
    """Returns `load_freshness` of the database that the settings name."""
    return load_freshness(source_name())


@st.cache_data(**CACHE)
def load_overview_months(version: str) -> list[OverviewMonth]:
    """Returns all months of all currencies, in order."""
    return select_rows(OverviewMonth, OVERVIEW_MONTHS, {})


@st.cache_data(**CACHE)
def load_event_fates(version: str) -> list[EventFate]:
    """Returns counts by fate and reason, the most frequent reason of each fate first."""
    return select_rows(EventFate, EVENT_FATES, {})


@st.cache_data(**CACHE)
def load_customers(version: str) -> list[Customer]:
    """Returns all customers by name."""
    return select_rows(Customer, CUSTOMERS, {})
