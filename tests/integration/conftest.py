"""Warehouses that are filled once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.billed_company import bill_company
from warehouse import Warehouse


@pytest.fixture(scope="session")
def billed_company(
    deployed: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    tmp_path_factory: pytest.TempPathFactory,
) -> Warehouse:
    """A billed company (see `tests/billed_company.py`); tests only read it."""
    return bill_company(clone(deployed), tmp_path_factory.mktemp("company"))
