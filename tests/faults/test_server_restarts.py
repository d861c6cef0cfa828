"""Postgres crashes and comes back: the load waits, the build is run again, the dump is the same."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.loads import load_files
from ingestion.settings import IngestionSettings
from tests.dumps import dump
from tests.faults.commands import Commands
from warehouse import MeterhouseError, Warehouse
from warehouse.server import EmbeddedServer


def crash(server: EmbeddedServer, *, away: float) -> None:
    """Crashes the server, and starts it again on the same port after a while."""
    port = server.port()
    server.stop(mode="immediate")
    time.sleep(away)
    assert server.ensure_running() == port


def test_loads_outlast_crashes_and_builds_are_run_again(
    small_server: EmbeddedServer,
    commands: Commands,
    small_company: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    usage: list[Path],
    calm_dump: dict[str, str],
    seeded: random.Random,
) -> None:
    shaken = clone(small_company)
    for path in usage:
        running = commands.start("load", shaken, path)
        time.sleep(seeded.uniform(0, 0.7))
        crash(small_server, away=seeded.uniform(0, 0.5))
        ended = running.wait()
        assert ended.code == 0, ended.output
    for _ in range(3):
        running = commands.start("build", shaken)
        time.sleep(seeded.uniform(0.4, 1.4))
        crash(small_server, away=0)
        ended = running.wait()
        assert ended.code in (0, 1), ended.output
    commands.run("build", shaken)
    assert dump(shaken) == calm_dump


def test_a_load_gives_up_on_a_server_that_stays_away_and_says_what_to_do(
    small_server: EmbeddedServer,
    small_company: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    usage: list[Path],
) -> None:
    warehouse = clone(small_company)
    small_server.stop(mode="immediate")
    try:
        with pytest.raises(MeterhouseError, match="did not come back within 1 seconds") as caught:
            load_files(warehouse, usage, settings=IngestionSettings(outage_seconds=1))
    finally:
        small_server.ensure_running()
    assert "run the same command again" in caught.value.remedy
    assert load_files(warehouse, usage).load_id is not None
