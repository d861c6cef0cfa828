"""Usage: one meter, by day and by customer or dimension."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from io import BytesIO

import streamlit as st

from dashboards import charts, formatting
from dashboards.page_frame import show_empty, show_page
from dashboards.queries import load_customers
from dashboards.usage_queries import (
    ADDED_AGGREGATIONS,
    OTHERS,
    TOP_GROUP_COUNT,
    Meter,
    UsageFilter,
    load_daily_usage,
    load_dimensions,
    load_group_usage,
    load_meters,
    load_usage_total,
    write_usage_csv,
)

ALL_CUSTOMERS = "All customers"
BY_CUSTOMER = "Customer"
SHOWN_DAYS = 31
TABLE_LIMIT = 1000


def show_usage(version: str) -> None:
    """Writes the page."""
    meters = load_meters(version)
    if not meters:
        show_empty(
            "No usage is counted yet",
            "Loads have landed, but no meter of the catalog counts what is in them.",
        )
        return
    meter, chosen = choose_usage(version, meters)
    if chosen is None:
        st.info("Choose the first and the last day.", icon=":material/date_range:")
        return
    total = load_usage_total(version, chosen)
    if not total.event_count:
        show_empty(
            "No usage for these filters",
            f"**{meter.meter_name}** has usage from {meter.first_date} to {meter.last_date}.",
        )
        st.button(
            "Reset the filters",
            icon=":material/restart_alt:",
            on_click=reset_filters,
            args=(newest_days(meter),),
        )
        return
    is_peak = meter.aggregation not in ADDED_AGGREGATIONS
    with st.grid(3, min_column_width=220, gap="small"):
        st.metric(
            f"{'Highest' if is_peak else 'Total'} {meter.unit}",
            formatting.quantity(total.quantity),
            border=True,
            help="The largest value of any day." if is_peak else "Exact, to the last digit.",
        )
        st.metric("Events", formatting.count(total.event_count), border=True)
        st.metric("Customers with usage", formatting.count(total.customer_count), border=True)
    show_chart(version, meter, chosen)
    show_groups(version, meter, chosen)


def choose_usage(version: str, meters: Sequence[Meter]) -> tuple[Meter, UsageFilter | None]:
    """Writes the filters and returns what they say; no filter while no day is chosen."""
    by_label = {formatting.meter_label(m.meter_name, m.meter_id): m for m in meters}
    first, second, third = st.columns([3, 3, 3])
    with first:
        busiest = max(meters, key=lambda known: known.event_count)
        label = st.selectbox(
            "Meter",
            list(by_label),
            index=meters.index(busiest),
            key="meter",
            bind="query-params",
        )
    meter = by_label[label]
    with second:
        days = st.date_input(
            "Days",
            value=newest_days(meter),
            format="YYYY-MM-DD",
            key="days",
            bind="query-params",
        )
    with third:
        customers = {
            formatting.customer_label(c.customer_id, c.customer_name): c.customer_id
            for c in load_customers(version)
        }
        customer = st.selectbox(
            "Customer", [ALL_CUSTOMERS, *customers], key="customer", bind="query-params"
        )
    dimensions = load_dimensions(version, meter_id=meter.meter_id)
    group = BY_CUSTOMER
    if dimensions:
        group = st.segmented_control(
            "Group by",
            [BY_CUSTOMER, *dimensions],
            default=BY_CUSTOMER,
            required=True,
            format_func=formatting.words,
            key="group",
            bind="query-params",
        )
    if not isinstance(days, tuple) or not days:
        return meter, None
    return meter, UsageFilter(
        meter_id=meter.meter_id,
        first_date=days[0],
        last_date=days[-1],
        customer_id=customers.get(customer),
        dimension=None if group == BY_CUSTOMER else group,
    )


def show_chart(version: str, meter: Meter, chosen: UsageFilter) -> None:
    """Writes the daily chart of the nine largest groups and the others."""
    rows = load_daily_usage(version, chosen)
    grouping = formatting.words(chosen.dimension) if chosen.dimension else "customer"
    with st.container(border=True):
        st.subheader(f"{meter.meter_name} by day", anchor=False)
        caption = f"{meter.unit} per day (UTC), by {grouping}"
        if any(row.group_name == OTHERS for row in rows):
            caption += f"; the {TOP_GROUP_COUNT} largest, all others together"
        st.caption(caption)
        st.plotly_chart(
            charts.usage_by_day(
                rows, unit=meter.unit, is_stacked=meter.aggregation in ADDED_AGGREGATIONS
            ),
            config=charts.QUIET,
            alt=f"{meter.meter_name} by day and {grouping}",
        )


def show_groups(version: str, meter: Meter, chosen: UsageFilter) -> None:
    """Writes the table of all groups and the download."""
    groups = load_group_usage(version, chosen, limit=TABLE_LIMIT)
    grouping = formatting.words(chosen.dimension).capitalize() if chosen.dimension else "Customer"
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(f"By {grouping.lower()}", anchor=False)
            st.download_button(
                "Download these days as CSV",
                data=partial(usage_csv, chosen),
                file_name=csv_name(meter, chosen.first_date, chosen.last_date),
                mime="text/csv",
                icon=":material/download:",
                on_click="ignore",
                help="By day, customer and dimensions: exactly what the filters let through.",
            )
        st.dataframe(
            [
                {
                    grouping: group.group_name,
                    f"Quantity ({meter.unit})": formatting.quantity(group.quantity),
                    "Events": formatting.count(group.event_count),
                    "Days with usage": formatting.count(group.day_count),
                }
                for group in groups
            ],
            hide_index=True,
            column_config={
                name: st.column_config.TextColumn(alignment="right")
                for name in (f"Quantity ({meter.unit})", "Events", "Days with usage")
            },
            alt=f"{meter.meter_name} by {grouping.lower()}, largest first",
        )
        if len(groups) == TABLE_LIMIT:
            st.caption(f"The {formatting.count(TABLE_LIMIT)} largest; the download holds all.")


def usage_csv(chosen: UsageFilter) -> bytes:
    """Returns the filtered usage as CSV."""
    buffer = BytesIO()
    write_usage_csv(chosen, target=buffer)
    return buffer.getvalue()


def csv_name(meter: Meter, first_date: date, last_date: date) -> str:
    """Returns the download's file name."""
    return f"usage_{meter.meter_id}_{first_date}_{last_date}.csv"


def newest_days(meter: Meter) -> tuple[date, date]:
    """Returns the first and last of the newest days of a meter."""
    first = meter.last_date - timedelta(days=SHOWN_DAYS - 1)
    return max(meter.first_date, first), meter.last_date


def reset_filters(days: tuple[date, date]) -> None:
    """Lets every customer through again, and the meter's newest days."""
    st.session_state["days"] = days
    st.session_state["customer"] = ALL_CUSTOMERS


show_page("Usage", "What was used, by day; every quantity is exact.", show_usage)
