"""The read-only way into the warehouse: one SELECT at a time, exact numbers, typed rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import BinaryIO, TypeVar

import streamlit as st
from sqlalchemy import URL, Engine, create_engine, make_url, text

from dashboards.settings import DashboardSettings
from warehouse import MeterhouseError, Role, open_warehouse
from warehouse.csv_output import copy_csv

DRIVER = "postgresql+psycopg2"
CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 30

Parameters = Mapping[str, object]
Row = TypeVar("Row")


def reporter_engine() -> Engine:
    """Returns the engine of the read-only role.

    Raises:
        MeterhouseError: The configured URL can't be read, or the warehouse can't be opened.
    """
    return _engine(_reporter_url(DashboardSettings().reporter_url))


def source_name() -> str:
    """Returns a short name of the database that is read; part of every cache key."""
    return hashlib.sha256(str(reporter_engine().url).encode()).hexdigest()[:12]


def select_rows(row_type: type[Row], statement: str, parameters: Parameters) -> list[Row]:
    """Runs one SELECT and returns its rows; numerics stay Decimal.

    Args:
        row_type: Dataclass whose fields are the selected columns, in that order.
        statement: One SELECT on one reporting view.
        parameters: Values of its bound parameters.

    Returns:
        One object of `row_type` per row.
    """
    names = [field.name for field in fields(row_type)]  # type: ignore[arg-type]  # a dataclass
    with reporter_engine().connect() as connection:
        result = connection.execute(text(statement), dict(parameters))
        if list(result.keys()) != names:
            raise AssertionError(f"{row_type.__name__} has other columns than its query")
        return [row_type(*row) for row in result]


def write_csv(statement: str, parameters: Parameters, *, target: BinaryIO) -> int:
    """Writes one SELECT as CSV, by COPY, so that every number stays as it is.

    Args:
        statement: One SELECT on one reporting view, parameters as `%(name)s`.
        parameters: Values of its parameters.
        target: Takes the bytes.

    Returns:
        Count of rows written, the header left out.
    """
    with reporter_engine().connect() as connection:
        return copy_csv(connection, statement, parameters=parameters, target=target).row_count


def _reporter_url(configured: str) -> str:
    if not configured:
        return _warehouse_url()
    try:
        url = make_url(configured)
    except Exception as error:
        raise MeterhouseError(
            "METERHOUSE_REPORTER_URL can't be read.",
            remedy="write it as postgresql://user:password@host:5432/database",
        ) from error
    return _rendered(url.set(drivername=DRIVER))


@st.cache_resource(show_spinner="Opening the warehouse")
def _warehouse_url() -> str:
    return _rendered(open_warehouse().url(Role.REPORTER))


@st.cache_resource(show_spinner=False, max_entries=4)
def _engine(url: str) -> Engine:
    options = (
        "-c timezone=UTC -c default_transaction_read_only=on"
        f" -c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s"
    )
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=4,
        connect_args={
            "options": options,
            "application_name": "meterhouse:dashboards",
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        },
    )


def _rendered(url: URL) -> str:
    return url.render_as_string(hide_password=False)
