"""Fixtures: one throw-away embedded Postgres per test process, one database per test that asks."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warehouse import Warehouse, WarehouseSettings, open_warehouse
from warehouse.server import ADMIN_USER, EmbeddedServer

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SHARED = PROJECT_ROOT.parent / "shared"
ROLE_SECRET = "a secret for throw-away servers"


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """An embedded server of this test process; other users may enter its folder."""
    home = Path(tempfile.mkdtemp(prefix="meterhouse-test-"))
    home.chmod(0o755)
    embedded = EmbeddedServer(home=home / "postgres")
    embedded.ensure_running()
    yield embedded
    embedded.remove()


@pytest.fixture(scope="session")
def make_warehouse(
    server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Warehouse]:
    """Makes a new, migrated, empty warehouse at each call."""
    numbers = itertools.count(1)

    def make() -> Warehouse:
        name = f"test_{next(numbers)}"
        return open_warehouse(
            WarehouseSettings(
                state_dir=tmp_path_factory.mktemp(name),
                database_url=f"postgresql://{ADMIN_USER}:{server.admin_password}"
                f"@127.0.0.1:{server.port()}/{name}",
                role_secret=ROLE_SECRET,
            )
        )

    return make


@pytest.fixture
def warehouse(make_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """A new, migrated, empty warehouse."""
    return make_warehouse()


@pytest.fixture(scope="session")
def environment_of() -> Callable[[Warehouse], dict[str, str]]:
    """Returns the environment by which a process of its own works on a warehouse."""

    def environment(warehouse: Warehouse) -> dict[str, str]:
        url = warehouse.admin_url.set(drivername="postgresql")
        return {
            **os.environ,
            "PYTHONPATH": str(PROJECT_ROOT),
            "METERHOUSE_DATABASE_URL": url.render_as_string(hide_password=False),
            "METERHOUSE_STATE_DIR": str(warehouse.state_dir),
            "METERHOUSE_ROLE_SECRET": warehouse.secret,
        }

    return environment


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; the test is skipped where it is absent."""
    folder = SHARED / "data"
    if not folder.exists():
        pytest.skip("the real data sets (../shared/data) are not here")
    return folder
