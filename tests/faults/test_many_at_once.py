"""Several processes do the same at once: one result; the others wait, or find nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dbt_harness import read_as_admin
from tests.dumps import dump
from tests.faults.commands import Commands, Ended, Running
from tests.faults.conftest import CLOSE
from warehouse import Warehouse


def wait_for_all(running: list[Running]) -> list[Ended]:
    """Waits for processes; each has to end without a stack trace."""
    ended = [process.wait() for process in running]
    assert {end.code for end in ended} == {0}, [end.output for end in ended if end.code]
    return ended


@pytest.mark.parametrize("processes", [2, 8])
def test_loaders_builds_and_closes_at_once_give_one_result(
    commands: Commands,
    fresh: Callable[[], Warehouse],
    usage: list[Path],
    calm_closed_dump: dict[str, str],
    processes: int,
) -> None:
    warehouse = fresh()
    for action, arguments in (("load", usage), ("build", ()), ("close", CLOSE)):
        wait_for_all([commands.start(action, warehouse, *arguments) for _ in range(processes)])
    assert dump(warehouse) == calm_closed_dump
    assert read_as_admin(warehouse, "select state, count(*) from ops.loads group by 1") == [
        ("landed", 1)
    ]


def test_loads_and_builds_at_once_miss_nothing(
    commands: Commands,
    fresh: Callable[[], Warehouse],
    usage: list[Path],
    calm_dump: dict[str, str],
) -> None:
    warehouse = fresh()
    commands.run("load", warehouse, usage[0])
    running = [commands.start("build", warehouse)]
    for path in usage[1:]:  # a loader takes turns with loaders only: the build goes on meanwhile
        commands.run("load", warehouse, path)
        running.append(commands.start("build", warehouse))
    wait_for_all(running)
    assert dump(warehouse) == calm_dump
