"""`up`: the long-running processes, started together and stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from cli.display import console
from cli.workplace import relative
from ingestion.object_store.settings import ObjectStoreSettings
from orchestration.dbt_project import prepared_manifest
from orchestration.instance import configure_instance
from orchestration.settings import OrchestrationSettings
from warehouse import MeterhouseError, Role, Warehouse, WarehouseSettings, open_warehouse
from warehouse.settings import PROJECT_ROOT
from warehouse.warehouse import embedded_server

START_SECONDS = 120


@dataclass(frozen=True)
class Service:
    """One process that serves a page.

    Attributes:
        name: What it is called in the output.
        url: Where it answers once it is ready.
        health_path: Path that answers 200 when it is ready.
        process: The running process, leader of its own group.
    """

    name: str
    url: str
    health_path: str
    process: subprocess.Popen[bytes]


def serve(*, dagster_port: int, streamlit_port: int) -> None:
    """Serves until Ctrl-C or SIGTERM, then stops everything that it started.

    Args:
        dagster_port: TCP port of the Dagster UI on the loopback address.
        streamlit_port: TCP port of the dashboards on the loopback address.

    Raises:
        MeterhouseError: A port is taken, or a service ended by itself.
    """
    for port in (dagster_port, streamlit_port):
        _refuse_taken(port)
    settings = WarehouseSettings()
    server = None if settings.database_url else embedded_server(settings)
    started_server = server is not None and not server.is_running()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job starts without SIGINT
        signal.signal(number, signal.default_int_handler)
    services: list[Service] = []
    try:
        warehouse = open_warehouse(settings)
        prepared_manifest(settings.state_dir)
        shown = warehouse.admin_url
        console.print(f"  Postgres    {shown.host}:{shown.port}, database {shown.database}")
        services.append(_start_dagster(warehouse, dagster_port))
        services.append(_start_dashboards(warehouse, streamlit_port))
        for service in services:
            _wait_until_ready(service)
            console.print(f"  {service.name:<11} [link={service.url}]{service.url}[/link]")
        console.print(f"  Watching    {_watched_places()}; a refresh runs every hour too")
        console.print("Ctrl-C stops all of it.")
        while all(service.process.poll() is None for service in services):
            time.sleep(0.5)
        ended = next(service for service in services if service.process.poll() is not None)
        raise MeterhouseError(
            f"{ended.name} ended by itself.", remedy=f"read the log {_log_name(ended.name)}"
        )
    except KeyboardInterrupt:
        console.print("\nStopping ...")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for service in reversed(services):
            _stop(service.process)
        if server is not None and started_server:
            server.stop()
        console.print("Stopped.")


def _watched_places() -> str:
    """Names the places from which new usage is loaded within a minute."""
    inbox = OrchestrationSettings().inbox
    inbox.mkdir(parents=True, exist_ok=True)
    bucket = ObjectStoreSettings().inbox
    return f"{relative(inbox)} and {bucket}" if bucket else relative(inbox)


def _start_dagster(warehouse: Warehouse, port: int) -> Service:
    """Starts the UI and the daemon, which runs schedules, on one code server."""
    command = [sys.executable, "-m", "dagster", "dev", "--module-name", "orchestration.definitions"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    environment = {**os.environ, **configure_instance(warehouse)}
    process = _start(warehouse, "Dagster", command, environment)
    return Service("Dagster", f"http://127.0.0.1:{port}", "/server_info", process)


def _start_dashboards(warehouse: Warehouse, port: int) -> Service:
    """Starts the dashboards with the read-only login and nothing else."""
    kept = ("PATH", "HOME", "LANG", "PYTHONPATH", "PYTHONSAFEPATH", "METERHOUSE_STATE_DIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    url = warehouse.url(Role.REPORTER).render_as_string(hide_password=False)
    environment["METERHOUSE_REPORTER_URL"] = url
    command = [sys.executable, "-m", "streamlit", "run", str(PROJECT_ROOT / "dashboards/app.py")]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true"]
    process = _start(warehouse, "Dashboards", command, environment)
    return Service("Dashboards", f"http://127.0.0.1:{port}", "/_stcore/health", process)


def _start(
    warehouse: Warehouse, name: str, command: list[str], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    path = warehouse.state_dir / "logs" / f"{name.lower()}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = PROJECT_ROOT / "dashboards" if name == "Dashboards" else PROJECT_ROOT
    with path.open("wb") as log:
        return subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def _log_name(service_name: str) -> str:
    return f".meterhouse/logs/{service_name.lower()}.log"


def _wait_until_ready(service: Service) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if service.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(service.url + service.health_path, timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise MeterhouseError(
        f"{service.name} did not start.", remedy=f"read the log {_log_name(service.name)}"
    )


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise MeterhouseError(
                f"Port {port} is taken.",
                remedy="choose others with --dagster-port and --streamlit-port",
            ) from error


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Asks the process group to end, and ends it after ten seconds."""
    for signal_number, seconds in ((signal.SIGINT, 10), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        if process.poll() is None:
            os.killpg(process.pid, signal_number)
        try:
            process.wait(timeout=seconds)
            return
        except subprocess.TimeoutExpired:
            continue
