"""Warehouses that are filled once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st

from tests.billed_company import bill_company
from tests.faults.commands import Commands
from tests.integration.sql_application import Application, serving_application
from warehouse import Role, Warehouse


@pytest.fixture(scope="session")
def billed_company(
    deployed: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    tmp_path_factory: pytest.TempPathFactory,
) -> Warehouse:
    """A billed company (see `tests/billed_company.py`); tests only read it."""
    return bill_company(clone(deployed), tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Starts processes to kill that have imported everything already; none that runs dbt."""
    return Commands(tmp_path_factory.mktemp("forked"))


@pytest.fixture
def fresh_caches() -> Iterator[None]:
    """Lets the pages forget what other tests have read."""
    st.cache_data.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def read_from(
    monkeypatch: pytest.MonkeyPatch, fresh_caches: None
) -> Callable[[Warehouse | str], None]:
    """Points the pages at a warehouse, or at any other address."""

    def point(target: Warehouse | str) -> None:
        monkeypatch.setenv("METERHOUSE_REPORTER_URL", reporter_url(target))

    return point


def reporter_url(target: Warehouse | str) -> str:
    """Returns the address by which the read-only role logs in."""
    if isinstance(target, str):
        return target
    return target.url(Role.REPORTER).render_as_string(hide_password=False)


@pytest.fixture
def application(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """An application's database, on the same server as the warehouse of the test."""
    with serving_application(warehouse, tmp_path, monkeypatch) as found:
        yield found
