"""A disk of a size that tests choose, in memory; and a server of its own on it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROLE_SECRET
from warehouse import Warehouse
from warehouse.migrations import ensure_database
from warehouse.server import EmbeddedServer
from warehouse.warehouse import orchestration_database

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class SmallDisk:
    """A mounted disk in memory."""

    path: Path

    def resize(self, size_mib: int) -> None:
        """Gives the disk another size; what is on it stays."""
        _run("mount", "-o", f"remount,size={size_mib}m", str(self.path))

    def fill(self, *, left_kib: int = 0) -> None:
        """Makes the disk so small that hardly anything fits on it any more."""
        state = os.statvfs(self.path)
        used = (state.f_blocks - state.f_bfree) * state.f_frsize
        _run("mount", "-o", f"remount,size={used // 1024 + left_kib}k", str(self.path))


@contextlib.contextmanager
def mounted(path: Path, *, size_mib: int) -> Iterator[SmallDisk]:
    """Mounts a disk; the test is skipped where that is not allowed."""
    path.mkdir(parents=True, exist_ok=True)
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={size_mib}m,mode=755", "tmpfs", str(path))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount a disk in memory")
    try:
        yield SmallDisk(path)
    finally:
        _run("umount", "--lazy", str(path))
        path.rmdir()


def copy_to_server(source: Warehouse, server: EmbeddedServer, *, state_dir: Path) -> Warehouse:
    """Copies a warehouse into another server, which gets the same roles."""
    url = source.admin_url.set(port=server.ensure_running(), password=server.admin_password)
    name = source.admin_url.database or ""
    ensure_database(url, secret=ROLE_SECRET, orchestration=orchestration_database(name))
    dumped = state_dir / "copied.dump"
    client = server.programs
    _run(client / "pg_dump", "--format=custom", f"--file={dumped}", "--dbname", _plain(source))
    copied = Warehouse(
        admin_url=url, warehouse_id=source.warehouse_id, state_dir=state_dir, secret=ROLE_SECRET
    )
    _run(client / "pg_restore", "--exit-on-error", "--dbname", _plain(copied), dumped)
    return copied


def _plain(warehouse: Warehouse) -> str:
    url = warehouse.admin_url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def _run(*command: object) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
