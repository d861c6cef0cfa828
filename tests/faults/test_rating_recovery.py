"""A build that is killed while it rates leaves what was there; the next one ends the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.dumps import dump
from tests.faults.commands import Commands
from tests.faults.simulation import RATING_POINTS
from warehouse import Warehouse


def test_killed_while_rating_and_run_again_the_dump_is_the_same(
    commands: Commands,
    fresh: Callable[[], Warehouse],
    usage: list[Path],
    calm_dump: dict[str, str],
) -> None:
    warehouse = fresh()
    commands.run("load", warehouse, *usage)
    for point in RATING_POINTS:
        assert commands.kill_within_sql("build", warehouse, crash_at=point), point
    commands.run("build", warehouse)
    assert dump(warehouse) == calm_dump
