"""What the fault tests share: a seed, processes to kill, and a company to bill."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dbt_company import ENTITY, catalog
from tests.dbt_harness import install_catalog
from tests.dumps import dump
from tests.faults.commands import Commands
from tests.faults.small_disks import SmallDisk, copy_to_server, mounted
from tests.faults.usage import write_usage
from warehouse import Warehouse
from warehouse.server import EmbeddedServer

CLOSE = (ENTITY, "2026-08-01", "2026-09-10T00:00:00+00:00")
SEED_VARIABLE = "METERHOUSE_TEST_SEED"


def chosen_seed() -> int:
    return int(os.environ.get(SEED_VARIABLE, "2026"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Says how to run a failed test again just as it was."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]  # pluggy's result
    if report.failed:
        command = f"{SEED_VARIABLE}={chosen_seed()} ./meterhouse test '{item.nodeid}'"
        report.sections.append(("replay with", command))


@pytest.fixture
def seeded(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers that are the same for the same test and seed."""
    return random.Random(f"{chosen_seed()} {request.node.name}")


@pytest.fixture(scope="session")
def company(deployed: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    """A company with its catalog and no usage; never changed, only cloned."""
    warehouse = clone(deployed)
    install_catalog(warehouse, catalog())
    return warehouse


@pytest.fixture
def fresh(company: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Callable[[], Warehouse]:
    """Makes a warehouse of the company, without usage."""
    return lambda: clone(company)


@pytest.fixture(scope="session")
def commands(company: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Starts processes that work on warehouses."""
    started = Commands(tmp_path_factory.mktemp("commands"))
    started.parse_project(company)
    return started


@pytest.fixture(scope="session")
def usage(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three files of usage with duplicates, conflicts and lines that are no event."""
    numbers = random.Random(chosen_seed())
    return write_usage(tmp_path_factory.mktemp("usage"), numbers, files=3, events=400)


@pytest.fixture(scope="session")
def calm(
    company: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    commands: Commands,
    usage: list[Path],
) -> Warehouse:
    """A warehouse to which nothing happened while the usage was loaded and built; only read."""
    warehouse = clone(company)
    commands.run("load", warehouse, *usage)
    commands.run("build", warehouse)
    return warehouse


@pytest.fixture(scope="session")
def calm_dump(calm: Warehouse) -> dict[str, str]:
    """What every other warehouse has to hold in the end, whatever happened to it."""
    return dump(calm)


@pytest.fixture(scope="session")
def calm_closed_dump(
    calm: Warehouse, clone: Callable[[Warehouse], Warehouse], commands: Commands
) -> dict[str, str]:
    """The same with August closed."""
    warehouse = clone(calm)
    commands.run("close", warehouse, *CLOSE)
    return dump(warehouse)


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    """A disk that tests fill up and enlarge."""
    with mounted(Path(tempfile.mkdtemp(prefix="meterhouse-disk-")), size_mib=400) as disk:
        yield disk


@pytest.fixture(scope="module")
def small_server(small_disk: SmallDisk) -> Iterator[EmbeddedServer]:
    """A server of its own on that disk, which tests crash."""
    embedded = EmbeddedServer(home=small_disk.path / "postgres")
    embedded.ensure_running()
    yield embedded
    embedded.stop(mode="immediate")


@pytest.fixture(scope="module")
def small_company(
    company: Warehouse, small_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Warehouse:
    """The company on that server."""
    return copy_to_server(company, small_server, state_dir=tmp_path_factory.mktemp("small"))
