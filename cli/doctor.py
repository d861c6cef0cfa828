"""What can be wrong with a set-up, found out one by one, each with its remedy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from rich.markup import escape

from cli.display import console
from warehouse import MeterhouseError, Role, WarehouseSettings, open_warehouse
from warehouse.settings import PROJECT_ROOT

GIBIBYTE = 1024**3
ENOUGH_DISK = 4 * GIBIBYTE
ENOUGH_MEMORY = 3 * GIBIBYTE


def examine() -> bool:
    """Runs every check and prints what each found.

    Returns:
        Whether nothing is wrong.
    """
    settings = WarehouseSettings()
    checks: list[tuple[str, Callable[[WarehouseSettings], str]]] = [
        ("Python", _python),
        ("Packages", _packages),
        ("State folder", _state_folder),
        ("Disk", _disk),
        ("Memory", _memory),
        ("Semaphores", _semaphores),
        ("Postgres", _postgres),
        ("Roles", _roles),
        ("dbt project", _dbt_project),
        ("Browser tests", _browser),
    ]
    sound = True
    for title, check in checks:
        try:
            found = check(settings)
            console.print(f"  [green]ok[/]    {title:<14} {escape(found)}")
        except MeterhouseError as error:
            sound = False
            console.print(f"  [red]wrong[/] {title:<14} {escape(error.message)}")
            if error.remedy:
                console.print(f"        {'':<14} Remedy: {escape(error.remedy)}")
    console.print("Nothing is wrong." if sound else "Mend what is marked, and run it again.")
    return sound


def _python(settings: WarehouseSettings) -> str:
    return ".".join(str(part) for part in sys.version_info[:3])


def _packages(settings: WarehouseSettings) -> str:
    from importlib.metadata import PackageNotFoundError, version

    wrong, count = [], 0
    for line in (PROJECT_ROOT / "requirements.lock").read_text().splitlines():
        requirement = line.split(";")[0].rstrip(" \\")
        if "==" not in requirement or ";" in line or requirement.startswith(" "):
            continue
        name, _, wanted = requirement.partition("==")
        count += 1
        try:
            found = version(name.split("[")[0])
        except PackageNotFoundError:
            found = "missing"
        if found != wanted.strip():
            wrong.append(f"{name} {found}, locked {wanted.strip()}")
    if wrong:
        raise MeterhouseError(
            f"Not as locked: {'; '.join(wrong[:5])}",
            remedy="delete .meterhouse/venv and run any command again",
        )
    return f"{count} packages as requirements.lock says"


def _state_folder(settings: WarehouseSettings) -> str:
    probe = settings.state_dir / ".probe"
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True)
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise MeterhouseError(
            f"{settings.state_dir.name} can't be written: {error.strerror}",
            remedy="give this user the folder, or set METERHOUSE_STATE_DIR to another",
        ) from error
    return f"{os.path.relpath(settings.state_dir)} can be written"


def _disk(settings: WarehouseSettings) -> str:
    free = shutil.disk_usage(settings.state_dir).free
    if free < ENOUGH_DISK:
        raise MeterhouseError(
            f"Only {free // 2**20:,} MiB are free.",
            remedy="free 4 GiB, or set METERHOUSE_STATE_DIR to a folder on another disk",
        )
    return f"{free // GIBIBYTE:,} GiB free"


def _memory(settings: WarehouseSettings) -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if total < ENOUGH_MEMORY:
        raise MeterhouseError(
            f"Only {total // 2**20:,} MiB of memory.", remedy="use a machine with 3 GiB or more"
        )
    return f"{total // GIBIBYTE:,} GiB, {os.cpu_count()} cores"


def _semaphores(settings: WarehouseSettings) -> str:
    from orchestration.dbt_project import require_semaphores

    require_semaphores()
    return "can be made"


def _postgres(settings: WarehouseSettings) -> str:
    warehouse = open_warehouse(settings)
    kind = "configured" if settings.database_url else "embedded"
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        version = connection.exec_driver_sql("show server_version").scalar_one()
    return f"{kind}, version {version}, warehouse {warehouse.warehouse_id}"


def _roles(settings: WarehouseSettings) -> str:
    warehouse = open_warehouse(settings)
    for role in Role:
        if role is Role.ORCHESTRATOR:
            continue
        with warehouse.engine(role).connect() as connection:
            connection.exec_driver_sql("select 1")
    return f"all {len(Role) - 1} roles of the warehouse can log in"


def _dbt_project(settings: WarehouseSettings) -> str:
    from orchestration.dbt_project import code_version, is_deployed, prepared_manifest

    prepared_manifest(settings.state_dir)
    version = code_version()
    deployed = is_deployed(open_warehouse(settings), version)
    return f"parses; {'its views are deployed' if deployed else 'the next build deploys it'}"


def _browser(settings: WarehouseSettings) -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    name = Path(found).name if found else ""
    return f"{name} is here" if found else "no Chromium: the browser tests are skipped"
