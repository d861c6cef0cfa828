"""What the processes of the fault tests do: each action is what the command of its name does.

An action runs in a process of its own that was forked after all imports, so that hundreds of them
can be started and killed; dbt gets the project as it was parsed once.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from exports.invoices import export_invoices
from ingestion.catalog import load_catalog
from ingestion.collector.landing import land_segments
from ingestion.collector.settings import CollectorSettings
from ingestion.loads import load_files
from ingestion.object_store.loads import load_objects
from ingestion.quarantine.deliveries import Selection
from ingestion.quarantine.replaying import replay as replay_held
from ingestion.quarantine.resolving import discard as discard_held
from ingestion.sql_door.loads import pull_source
from orchestration.dbt_project import (
    NO_CONNECTION,
    build_arguments,
    connected_as,
    exclusive_build,
    project_arguments,
)
from tests.drafting import EVERYTHING, LOADS_ONLY
from warehouse import MeterhouseError, Role, Warehouse

_DATABASE = "database_of_the_parsed_project"
_MANIFEST = "METERHOUSE_TEST_MANIFEST"
QUIETLY = ("--no-version-check", "--quiet", "--no-use-colors", "--no-write-json")


def load(warehouse: Warehouse, *paths: str) -> None:
    """Loads files."""
    load_files(warehouse, paths)


def collect(warehouse: Warehouse, state_dir: str) -> None:
    """Lands what a collector has made ready."""
    land_segments(warehouse, CollectorSettings(state_dir=Path(state_dir)))


def fetch(warehouse: Warehouse, *urls: str) -> None:
    """Loads objects of a store."""
    load_objects(warehouse, urls)


def pull(warehouse: Warehouse, source: str) -> None:
    """Pulls an application's table."""
    pull_source(warehouse, Path(source))


def replay(warehouse: Warehouse, who: str, why: str) -> None:
    """Replays whatever is open in quarantine."""
    replay_held(warehouse, Selection(), who=who, why=why)


def discard(warehouse: Warehouse, reason: str, who: str, why: str) -> None:
    """Discards what is in quarantine for a reason."""
    discard_held(warehouse, Selection(reasons=(reason,)), who=who, why=why)


def catalog(warehouse: Warehouse, folder: str) -> None:
    """Lands a catalog."""
    load_catalog(warehouse, Path(folder))


def build(warehouse: Warehouse) -> None:
    """Builds what new loads change, alone, as the build job does."""
    with exclusive_build(warehouse), connected_as(warehouse, Role.TRANSFORMER):
        _run_dbt(warehouse, "build", *LOADS_ONLY)


def deploy(warehouse: Warehouse) -> None:
    """Builds every model of a new warehouse."""
    with connected_as(warehouse, Role.TRANSFORMER):
        _run_dbt(warehouse, "build", *EVERYTHING)


def prove(warehouse: Warehouse) -> None:
    """Builds with every data test, those included that compute everything from scratch."""
    arguments = build_arguments(version="tests", deployed=True, proving=True)
    with exclusive_build(warehouse), connected_as(warehouse, Role.TRANSFORMER):
        _run_dbt(warehouse, *arguments)


def close(warehouse: Warehouse, entity: str, period_start: str, closed_at: str) -> None:
    """Closes a month."""
    values = {"legal_entity_id": entity, "period_start": period_start, "closed_at": closed_at}
    with connected_as(warehouse, Role.FINANCE):
        _run_dbt(warehouse, "run-operation", "close_period", "--args", json.dumps(values))


def export(warehouse: Warehouse, folder: str) -> None:
    """Exports every closed invoice."""
    export_invoices(warehouse, period_start=None, legal_entity_id=None, directory=Path(folder))


def parse(warehouse: Warehouse, target: str) -> None:
    """Parses the dbt project once for all processes that follow."""
    os.environ.update(NO_CONNECTION | {"METERHOUSE_PG_DATABASE": _DATABASE})
    folder = ["--target-path", str(warehouse.state_dir), "--log-path", str(warehouse.state_dir)]
    outcome = dbtRunner().invoke([*QUIETLY, "parse", *folder, *project_arguments()])
    if not outcome.success:
        raise MeterhouseError(f"the project can't be parsed: {outcome.exception}")
    Path(target).write_text(json.dumps(outcome.result.to_dict()))


def _run_dbt(warehouse: Warehouse, *arguments: str) -> None:
    parsed = Path(os.environ[_MANIFEST]).read_text()
    parsed = parsed.replace(_DATABASE, warehouse.admin_url.database or "")
    manifest = Manifest.from_dict(json.loads(parsed))
    target = str(warehouse.state_dir / f"dbt_{os.getpid()}")
    places = ["--target-path", target, "--log-path", target, *project_arguments()]
    outcome = dbtRunner(manifest=manifest).invoke([*QUIETLY, *arguments, *places])
    if not outcome.success:
        raise MeterhouseError(f"dbt {arguments[0]} failed: {outcome.exception or 'see above'}")


_DOORS = (load, collect, fetch, pull, replay, discard, catalog)
_BUILDS = (deploy, build, prove, close, export, parse)
ACTIONS: dict[str, Callable[..., None]] = {
    action.__name__: action for action in (*_DOORS, *_BUILDS)
}


def perform(
    name: str,
    warehouse: Warehouse,
    arguments: tuple[str, ...],
    *,
    output: Path,
    manifest: Path,
    environment: dict[str, str],
) -> None:
    """Performs an action in a process of its own; the exit code is that of the commands.

    Args:
        name: The action.
        warehouse: The warehouse that it works on.
        arguments: What it is given.
        output: The file that takes what it says.
        manifest: The parsed dbt project.
        environment: Variables that it gets besides.
    """
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.environ.update({**environment, _MANIFEST: str(manifest)})
    try:
        ACTIONS[name](warehouse, *arguments)
    except MeterhouseError as error:
        _leave(1, f"Error: {error}")
    except BaseException:
        _leave(70, traceback.format_exc())
    _leave(0)


def _leave(code: int, words: str = "") -> NoReturn:
    """Ends this process at once, as what was imported before the fork has things to do at exit."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
    os._exit(code)
