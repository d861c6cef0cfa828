"""A disk is full: the error says which, and the same command goes on once there is space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.dbt_harness import read_as_admin
from tests.dumps import dump
from tests.faults.commands import Commands
from tests.faults.small_disks import SmallDisk, mounted
from warehouse import Warehouse
from warehouse.server import EmbeddedServer

BRIEFLY = {"METERHOUSE_INGESTION_OUTAGE_SECONDS": "1"}
STEPS = (
    ("load", lambda usage: usage[:2], False),
    ("load", lambda usage: usage, True),
    ("build", lambda usage: (), False),
)


def test_postgres_without_space_loses_nothing(
    commands: Commands,
    small_disk: SmallDisk,
    small_server: EmbeddedServer,
    small_company: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    usage: list[Path],
    calm_dump: dict[str, str],
) -> None:
    warehouse = clone(small_company)
    for action, arguments, is_log_full in STEPS:
        if is_log_full:  # what is written next needs a new file of the log: Postgres stops itself
            read_as_admin(warehouse, "select pg_switch_wal()")
        small_disk.fill(left_kib=32)
        full = commands.run(action, warehouse, *arguments(usage), code=1, **BRIEFLY)
        assert ("did not come back" if is_log_full else "No space left on device") in full.output
        assert small_server.is_running() is not is_log_full
        small_disk.resize(400)
        small_server.ensure_running()
        commands.run(action, warehouse, *arguments(usage))
    assert dump(warehouse) == calm_dump


def test_working_files_without_space(
    commands: Commands,
    fresh: Callable[[], Warehouse],
    usage: list[Path],
    calm_dump: dict[str, str],
    tmp_path: Path,
) -> None:
    with mounted(tmp_path / "state", size_mib=8) as disk:
        warehouse = replace(fresh(), state_dir=disk.path)
        disk.fill(left_kib=8)
        full = commands.run("load", warehouse, *usage, code=1)
        assert "the disk of the working files is full" in full.output
        assert "METERHOUSE_STATE_DIR" in full.output
        disk.resize(64)
        commands.run("load", warehouse, *usage)
        commands.run("build", warehouse)
        assert dump(warehouse) == calm_dump
