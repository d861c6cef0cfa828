"""Starts one service in a container: `python -m deploy.start webserver|daemon|liveness|dashboards`.

The database is opened (and migrated) first; then this process becomes the service, which gets the
login of its own role and none of the administrator's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from orchestration.dbt_project import prepared_manifest
from orchestration.instance import configure_instance
from warehouse import MeterhouseError, Role, Warehouse, WarehouseSettings, open_warehouse
from warehouse.settings import PROJECT_ROOT

CODE = ["-m", "orchestration.definitions"]
COMMANDS = {
    "webserver": ["dagster-webserver", "--host", "0.0.0.0", "--port", "3000", *CODE],  # noqa: S104 - inside a container
    "daemon": ["dagster-daemon", "run", *CODE],
    "liveness": ["dagster-daemon", "liveness-check"],
    "dashboards": [
        "streamlit",
        "run",
        str(PROJECT_ROOT / "dashboards" / "app.py"),
        "--server.address=0.0.0.0",
        "--server.port=8501",
        "--server.headless=true",
    ],
}
KEPT_FOR_DASHBOARDS = ("PATH", "HOME", "LANG", "PYTHONPATH", "METERHOUSE_STATE_DIR")


def environment_of(
    service: str, warehouse: Warehouse, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Returns the environment of a service.

    Args:
        service: Name of the service.
        warehouse: The opened warehouse.
        inherited: The environment of the container.

    Returns:
        For the dashboards: the read-only login and nothing that leads to another; for the others:
        what the container has, and where the Dagster instance is.
    """
    if service == "dashboards":
        kept = {name: inherited[name] for name in KEPT_FOR_DASHBOARDS if name in inherited}
        url = warehouse.url(Role.REPORTER).render_as_string(hide_password=False)
        return {**kept, "METERHOUSE_REPORTER_URL": url}
    return {**inherited, **configure_instance(warehouse)}


def main(arguments: list[str]) -> int:
    """Becomes the service; returns only when it can't."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        sys.stderr.write(f"usage: python -m deploy.start {'|'.join(COMMANDS)}\n")
        return 2
    service = arguments[0]
    try:
        settings = WarehouseSettings()
        warehouse = open_warehouse(settings)
        if service in {"webserver", "daemon"}:
            prepared_manifest(settings.state_dir)
    except MeterhouseError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    if service == "dashboards":
        os.chdir(PROJECT_ROOT / "dashboards")
    command = COMMANDS[service]
    os.execvpe(command[0], command, environment_of(service, warehouse, os.environ))  # noqa: S606
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
