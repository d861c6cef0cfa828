"""What every page has: title, how new the data is, and what to say when something is missing."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

import streamlit as st
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError

from dashboards import formatting
from dashboards.queries import Freshness, read_freshness
from warehouse import MeterhouseError

LOG = logging.getLogger(__name__)
REFRESH_SECONDS = 15
QUERY_CANCELED = "57014"
UNDEFINED_TABLE = "42P01"
UNDEFINED_COLUMN = "42703"
INVALID_SCHEMA = "3F000"

PageBody = Callable[[str], None]


def show_page(title: str, description: str, body: PageBody) -> None:
    """Shows one page: its head, then its body, or a card that says why there is none.

    Args:
        title: The page's heading.
        description: One sentence on what the page answers.
        body: Writes the page; gets the data version.
    """
    head, badge = st.columns([3, 2], vertical_alignment="bottom")
    with head:
        st.title(title, anchor=False)
        st.caption(description)
    try:
        freshness, version = read_freshness()
        with badge:
            _show_freshness(version)
        if freshness.event_count == 0 and freshness.landed_load_count == 0:
            show_nothing_loaded()
            return
        body(version)
    except (MeterhouseError, DBAPIError) as error:
        _show_failure(error)


def show_empty(title: str, explanation: str, *, icon: str = ":material/search_off:") -> None:
    """Shows why there is nothing to see, and what to do about it."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f"### {icon} {title}", text_alignment="center")
        st.markdown(explanation, text_alignment="center")
        st.space("small")


def show_nothing_loaded() -> None:
    """Shows how to get usage into a warehouse that has none."""
    show_empty(
        "No usage has been loaded yet",
        "Load the sample company with `./meterhouse demo`, or your own files with "
        "`./meterhouse load --mapping FILE PATH`. This page fills by itself afterwards.",
        icon=":material/inbox:",
    )


@st.fragment(run_every=REFRESH_SECONDS)
def _show_freshness(shown_version: str) -> None:
    """Shows how new the data is, and shows the page again once there is newer data."""
    try:
        freshness, version = read_freshness()
    except (MeterhouseError, DBAPIError):
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.badge("Database out of reach", icon=":material/cloud_off:", color="red")
        return
    if version != shown_version:
        st.rerun(scope="app")
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        for label, icon, colour, explanation in freshness_badges(freshness):
            st.badge(label, icon=icon, color=colour, help=explanation)


def freshness_badges(freshness: Freshness) -> list[tuple[str, str, str, str]]:
    """Returns label, icon, colour and explanation of each badge on how new the data is."""
    as_of = formatting.moment(freshness.data_as_of)
    newest = formatting.moment(freshness.newest_event_at)
    badges = [
        (
            f"Data as of {as_of}" if freshness.data_as_of else "No load applied yet",
            ":material/schedule:",
            "blue",
            f"When the newest load that is fully counted had landed. Newest event: {newest}.",
        )
    ]
    if freshness.pending_load_count:
        waiting = formatting.plural(freshness.pending_load_count, "load")
        badges.append(
            (
                f"{waiting} pending",
                ":material/hourglass_top:",
                "orange",
                "Landed, but not yet counted: run `./meterhouse build`.",
            )
        )
    else:
        explanation = "Every load that has landed is counted."
        badges.append(("Up to date", ":material/check:", "green", explanation))
    return badges


def explain_failure(error: Exception) -> tuple[str, str]:
    """Returns a title and an explanation that a user can act on."""
    if isinstance(error, MeterhouseError):
        return error.message, error.remedy or "Run `./meterhouse doctor`."
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    if code == QUERY_CANCELED:
        return "This question took too long", "Choose fewer days or one customer, then try again."
    if code in {UNDEFINED_TABLE, UNDEFINED_COLUMN, INVALID_SCHEMA}:
        return (
            "The reporting views are not there yet",
            "Run `./meterhouse build` once, then try again.",
        )
    if isinstance(error, OperationalError | InterfaceError):
        return (
            "The database can't be reached",
            "Nothing is lost. Start it with `./meterhouse up`, or run `./meterhouse doctor` to see "
            "what is wrong, then try again.",
        )
    if isinstance(error, ProgrammingError):
        return "The database refused this question", "Run `./meterhouse doctor`."
    return "This question could not be answered", "Try again; the error id is in the log."


def _show_failure(error: Exception) -> None:
    """Shows what is wrong without a trace of code; the trace goes to the log under an id."""
    error_id = uuid.uuid4().hex[:8]
    LOG.error("error %s on a page", error_id, exc_info=error)
    title, explanation = explain_failure(error)
    with st.container(border=True):
        st.error(f"**{title}**\n\n{explanation}", icon=":material/error:")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Try again", icon=":material/refresh:", type="primary", key="try_again")
            st.caption(f"Error id {error_id}")
