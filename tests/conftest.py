"""Fixtures: one throw-away embedded Postgres per test process, one database per test that asks."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from orchestration.dbt_project import code_version, record_deployment
from warehouse import Role, Warehouse, WarehouseSettings, open_warehouse
from warehouse.server import ADMIN_USER, EmbeddedServer
from warehouse.warehouse import orchestration_database

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SHARED = PROJECT_ROOT.parent / "shared"
ROLE_SECRET = "a secret for throw-away servers"
_STARTED: list[EmbeddedServer] = []


def run_dbt(
    warehouse: Warehouse, *arguments: str, role: Role = Role.TRANSFORMER, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Runs dbt in a process of its own, as `role`; its output is in the failure's message.

    Args:
        warehouse: The warehouse to run on.
        arguments: dbt's arguments, without those that name the project.
        role: The login.
        check: Whether a failure of dbt fails the test.
    """
    target = warehouse.state_dir / "dbt" / "tests"
    project = str(PROJECT_ROOT / "dbt_project")
    finished = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            "--no-version-check",
            "--no-use-colors",
            *arguments,
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(target), "--log-path", str(target)),
        ],
        env={**os.environ, **warehouse.dbt_environment(role)},
        capture_output=True,
        text=True,
        check=False,
    )
    if check and finished.returncode != 0:
        pytest.fail(f"dbt {' '.join(arguments)} failed:\n{finished.stdout[-4000:]}")
    return finished


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """An embedded server of this test process; other users may enter its folder."""
    home = Path(tempfile.mkdtemp(prefix="meterhouse-test-"))
    home.chmod(0o755)
    embedded = EmbeddedServer(home=home / "postgres")
    embedded.ensure_running()
    _STARTED.append(embedded)
    yield embedded
    _STARTED.remove(embedded)
    embedded.remove()


@pytest.fixture(scope="module", autouse=True)
def _no_connections_left_over() -> Iterator[None]:
    """Ends what connection pools keep open after a module; they notice, and open new ones."""
    yield
    for server in _STARTED:
        url = (
            f"postgresql+psycopg2://{ADMIN_USER}:{server.admin_password}@127.0.0.1:{server.port()}"
        )
        engine = create_engine(f"{url}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where state = 'idle' and pid <> pg_backend_pid()"
                )
            )
        engine.dispose()


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
def deployed(make_warehouse: Callable[[], Warehouse]) -> Warehouse:
    """A warehouse with the whole dbt project built on nothing; never changed, only cloned."""
    warehouse = make_warehouse()
    run_dbt(warehouse, "build", "--exclude-resource-type", "unit_test", "test")
    record_deployment(warehouse, code_version())
    return warehouse


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Warehouse], Warehouse]:
    """Copies a warehouse as it is now into a new database: data, views and grants."""
    numbers = itertools.count(1)

    def copy(source: Warehouse) -> Warehouse:
        name = f"{source.admin_url.database}_{next(numbers)}"
        server = create_engine(
            source.admin_url.set(database="postgres"), isolation_level="AUTOCOMMIT"
        )
        with server.connect() as connection:
            connection.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"
                ),
                {"name": source.admin_url.database},
            )
            connection.exec_driver_sql(
                f'create database "{name}" template "{source.admin_url.database}"'
            )
            logins = ", ".join(role for role in Role if role is not Role.ORCHESTRATOR)
            connection.exec_driver_sql(f'grant connect on database "{name}" to {logins}')
            connection.exec_driver_sql(f'grant create on database "{name}" to {Role.TRANSFORMER}')
            connection.exec_driver_sql(
                f'create database "{orchestration_database(name)}" owner {Role.ORCHESTRATOR}'
            )
        server.dispose()
        state_dir = tmp_path_factory.mktemp(name)
        if (source.state_dir / "dbt").exists():
            shutil.copytree(source.state_dir / "dbt", state_dir / "dbt")
        return replace(source, admin_url=source.admin_url.set(database=name), state_dir=state_dir)

    return copy


@pytest.fixture
def deployed_warehouse(deployed: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    """An empty warehouse of this test's own, with the whole dbt project deployed."""
    return clone(deployed)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; the test is skipped where it is absent."""
    folder = SHARED / "data"
    if not folder.exists():
        pytest.skip("the real data sets (../shared/data) are not here")
    return folder
