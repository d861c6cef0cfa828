"""Running the dbt project: its manifest, its code version, and the arguments of a run."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from warehouse import MeterhouseError, Role, Warehouse
from warehouse.settings import PROJECT_ROOT

PROJECT_DIR = PROJECT_ROOT / "dbt_project"
CODE_SUFFIXES = {".sql", ".yml", ".yaml", ".csv", ".md"}
NO_CONNECTION = {
    "METERHOUSE_PG_HOST": "127.0.0.1",
    "METERHOUSE_PG_PORT": "5432",
    "METERHOUSE_PG_DATABASE": "none",
    "METERHOUSE_PG_USER": "none",
    "METERHOUSE_PG_PASSWORD": "none",
}


def code_version(project_dir: Path = PROJECT_DIR) -> str:
    """Returns the sha256 over the names and contents of the project's source files."""
    digest = hashlib.sha256()
    for path in sorted(project_dir.rglob("*")):
        relative = path.relative_to(project_dir)
        if path.suffix not in CODE_SUFFIXES or relative.parts[0] in {"target", "logs"}:
            continue
        digest.update(f"{relative.as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def prepared_manifest(state_dir: Path) -> Path:
    """Returns the manifest of the project as it is now, parsing where that is still to do.

    Args:
        state_dir: The state folder; parsed projects are kept below it.

    Raises:
        MeterhouseError: The project can't be parsed.
    """
    version = code_version()
    target = state_dir / "dbt" / "parsed" / version[:16]
    manifest = target / "manifest.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    require_semaphores()
    with (target.parent / "parse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not manifest.exists():
            arguments = ["parse", "--target-path", str(target), "--log-path", str(target)]
            finished = subprocess.run(
                [dbt_executable(), "--no-version-check", *arguments, *project_arguments()],
                env={**os.environ, **NO_CONNECTION, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
                capture_output=True,
                text=True,
                check=False,
            )
            if finished.returncode != 0:
                raise MeterhouseError(
                    f"The dbt project can't be parsed:\n{finished.stdout[-2000:]}",
                    remedy="mend the model it names",
                )
    return manifest


def require_semaphores() -> None:
    """Checks that processes may make semaphores, which dbt can't start without.

    Raises:
        MeterhouseError: They may not: /dev/shm is missing or closed to this user.
    """
    try:
        multiprocessing.get_context("spawn").RLock()
    except OSError as error:
        raise MeterhouseError(
            "This system lets no process of this user make semaphores, and dbt needs them.",
            remedy="as root: mount -t tmpfs -o mode=1777 tmpfs /dev/shm",
        ) from error


def dbt_executable() -> str:
    """Returns the dbt program of this environment."""
    return str(Path(sys.executable).with_name("dbt"))


def project_arguments() -> list[str]:
    """Returns the arguments that name the project and its profile."""
    return ["--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR)]


@contextlib.contextmanager
def connected_as(warehouse: Warehouse, role: Role) -> Iterator[None]:
    """Lets dbt processes started within log in as `role`."""
    variables = warehouse.dbt_environment(role)
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def exclusive_build(warehouse: Warehouse) -> Iterator[None]:
    """Holds the warehouse's build lock; a second build waits until the first is done."""
    engine = warehouse.engine(Role.TRANSFORMER)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("select pg_advisory_lock(hashtextextended('meterhouse:build', 0))"))
        try:
            yield
        finally:
            with contextlib.suppress(DBAPIError):  # a lost session has lost its locks
                connection.execute(text("select pg_advisory_unlock_all()"))


def is_deployed(warehouse: Warehouse, version: str) -> bool:
    """Whether the views of the warehouse were last built from this code version."""
    query = "select code_sha256 from ops.deployments order by deployed_at desc limit 1"
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        return connection.execute(text(query)).scalar() == version


def record_deployment(warehouse: Warehouse, version: str) -> None:
    """Notes that the views of the warehouse are now those of this code version."""
    with warehouse.engine(Role.TRANSFORMER).begin() as connection:
        connection.execute(
            text("insert into ops.deployments (code_sha256) values (:version)"),
            {"version": version},
        )


def build_arguments(*, version: str, deployed: bool, proving: bool) -> list[str]:
    """Returns dbt's arguments for one build.

    Args:
        version: The project's code version; tables that are replaced whole are made anew by it.
        deployed: Whether the views are already those of this code; then only the tables that
            new loads change are brought up to date, and every data test runs.
        proving: Whether the tests run too that compute everything from scratch to compare; their
            cost follows the whole history.
    """
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    arguments += ["--vars", json.dumps({"code_version": version})]
    left_out = [] if proving else ["tag:whole_history"]
    if deployed:
        left_out += ["config.materialized:view", "resource_type:seed"]
    if left_out:
        # What dagster-dbt selects (everything) less these; "empty", so that tests of views stay in.
        arguments += ["--exclude", " ".join(left_out), "--indirect-selection", "empty"]
    return arguments


def build_models(warehouse: Warehouse, manifest: Path, *, models: Sequence[str]) -> None:
    """Builds models and all they are made from on a warehouse that is nobody else's; no tests.

    Args:
        warehouse: The warehouse.
        manifest: The project as parsed (`prepared_manifest`).
        models: Names of the models that are wanted.

    Raises:
        MeterhouseError: A model failed.
    """
    target = warehouse.state_dir / "target"
    target.mkdir()
    parsed = manifest.with_name("partial_parse.msgpack")
    if parsed.exists():
        shutil.copyfile(parsed, target / parsed.name)
    command = [dbt_executable(), "--no-version-check", "--quiet", "build"]
    command += ["--select", *(f"+{name}" for name in models)]
    command += ["--exclude-resource-type", "test", "unit_test"]
    command += ["--target-path", str(target), "--log-path", str(target), *project_arguments()]
    finished = subprocess.run(
        command,
        env={
            **os.environ,
            **warehouse.dbt_environment(Role.TRANSFORMER),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        failures = failed_checks(read_run_results(target)) or [finished.stdout[-600:]]
        raise MeterhouseError(
            f"The models failed:\n{failures[0]}", remedy="mend what it names, and try again"
        )


def failed_checks(run_results: Mapping[str, object]) -> list[str]:
    """Returns a line for each failed node of a `run_results.json`."""
    results = run_results.get("results", [])
    lines = []
    for result in results if isinstance(results, list) else []:
        if result["status"] in ("error", "fail", "runtime error"):
            name = str(result["unique_id"]).split(".")[2]
            message = " ".join(str(result.get("message") or "").split())
            lines.append(f"{name}: {message[:300]}")
    return lines


def read_run_results(target_path: Path) -> Mapping[str, object]:
    """Reads what a dbt run said of its nodes; empty where it never got so far."""
    path = target_path / "run_results.json"
    loaded: Mapping[str, object] = json.loads(path.read_text()) if path.exists() else {}
    return loaded
