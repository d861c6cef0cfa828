"""A catalog lands whole in a version of its own, once, or stays invisible."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.catalog import CatalogError, load_catalog, read_catalog
from ingestion.catalog.tables import SCHEMAS, catalog_rows
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.crash_points import CRASH_VARIABLE

EXAMPLE = Path(__file__).parents[2] / "examples" / "llm_api" / "catalog"
STATES = "select state, count(*) from ops.catalog_versions group by state order by state"


def rows_of(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.engine(Role.LOADER).connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy of the sample company's catalog."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "catalog"))


def test_a_catalog_lands_to_the_last_digit(warehouse: Warehouse, example: Path) -> None:
    report = load_catalog(warehouse, example)
    assert report.is_new
    expected = catalog_rows(read_catalog(example))
    for table, schema in SCHEMAS.items():
        names = schema.names[1:]
        found = rows_of(
            warehouse,
            f"select {', '.join(names)} from raw_catalog.{table}"
            f" where catalog_version = {report.catalog_version}",
        )
        wanted = [tuple(row.get(name) for name in names) for row in expected[table]]
        assert sorted(found, key=repr_of) == sorted(wanted, key=repr_of)
        assert report.row_counts[table] == len(wanted)


def repr_of(row: tuple) -> list[str]:
    return [str(value) for value in row[:4]]


def test_the_same_content_makes_no_version(warehouse: Warehouse, example: Path) -> None:
    first = load_catalog(warehouse, example)
    again = load_catalog(warehouse, example)
    assert (again.catalog_version, again.is_new) == (first.catalog_version, False)
    assert again.row_counts == first.row_counts
    assert "unchanged" in str(again)
    prices = example / "plans" / "developer.yaml"
    prices.write_text(prices.read_text().replace("unit_price: 0.000003", "unit_price: 0.000004"))
    changed = load_catalog(warehouse, example)
    assert changed.is_new
    assert changed.catalog_version > first.catalog_version
    assert rows_of(warehouse, STATES) == [("landed", 2)]


def test_a_refused_catalog_leaves_nothing(warehouse: Warehouse, example: Path) -> None:
    meters = example / "meters.yaml"
    before = meters.read_text()
    meters.write_text(before.replace("aggregation: count", "aggregation: average"))
    with pytest.raises(CatalogError, match=r"meters\.yaml:34: aggregation"):
        load_catalog(warehouse, example)
    assert rows_of(warehouse, STATES) == []
    meters.write_text(before)
    load_catalog(warehouse, example)
    meters.write_text(before.replace("aggregation: count", "aggregation: max"))
    with pytest.raises(CatalogError, match="was landed with aggregation 'count'"):
        load_catalog(warehouse, example)
    assert rows_of(warehouse, STATES) == [("landed", 1)]


@pytest.mark.parametrize(
    "point", ["catalog.after_open", "catalog.after_landing", "catalog.before_commit"]
)
def test_a_killed_load_stays_invisible_and_is_repeated(
    warehouse: Warehouse, environment_of: Callable[[Warehouse], dict[str, str]], point: str
) -> None:
    program = (
        "from warehouse import open_warehouse\n"
        "from ingestion.catalog import load_catalog\n"
        f"load_catalog(open_warehouse(), {str(EXAMPLE)!r})\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program],
        env=environment_of(warehouse) | {CRASH_VARIABLE: point},
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert killed.returncode == -9, killed.stderr.decode()
    assert rows_of(warehouse, STATES) == [("landing", 1)]
    report = load_catalog(warehouse, EXAMPLE)
    assert report.is_new
    assert rows_of(warehouse, STATES) == [("aborted", 1), ("landed", 1)]
    assert rows_of(warehouse, "select distinct catalog_version from raw_catalog.prices") == [
        (report.catalog_version,)
    ]


def test_two_loads_at_once_are_refused(warehouse: Warehouse) -> None:
    lock = text("select pg_advisory_lock(hashtextextended('meterhouse.catalog', 0))")
    with warehouse.engine(Role.LOADER).connect() as connection:
        connection.execute(lock)
        with pytest.raises(MeterhouseError, match="Another catalog"):
            load_catalog(warehouse, EXAMPLE)


def test_a_version_with_a_row_too_many_stays_invisible(warehouse: Warehouse) -> None:
    stray = text("insert into raw_catalog.plans values (1, 'stray', 'Stray', 'USD')")
    with warehouse.engine(Role.LOADER).begin() as connection:
        connection.execute(stray)
    with pytest.raises(CatalogError, match="did not land whole"):
        load_catalog(warehouse, EXAMPLE)
    assert rows_of(warehouse, STATES) == [("landing", 1)]
    assert load_catalog(warehouse, EXAMPLE).catalog_version == 2
    assert rows_of(warehouse, "select count(*) from raw_catalog.plans") == [(9,)]
