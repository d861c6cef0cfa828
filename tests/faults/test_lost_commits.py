"""The reply to a COMMIT is lost, or the COMMIT itself: nobody can tell, and nothing doubles."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.dumps import dump
from tests.faults.commands import Commands
from tests.faults.commit_cutter import CommitCutter
from tests.faults.conftest import CLOSE
from warehouse import Warehouse

# a load opens, lets dlt look and register itself, and finishes; a build commits by model
LOAD_COMMITS = (2, 3, 4)
BUILD_COMMITS = (2, 3, 4, 5, 6)
CLOSE_COMMIT = ("close", CLOSE, 1)
BOTH = [pytest.param(True, id="applied"), pytest.param(False, id="not_applied")]


@pytest.fixture
def cutter(fresh: Callable[[], Warehouse]) -> Iterator[CommitCutter]:
    made = CommitCutter(fresh())
    yield made
    made.close()


@pytest.mark.parametrize("is_applied", BOTH)
def test_whichever_commit_is_lost_the_dump_is_the_same(
    *,
    cutter: CommitCutter,
    commands: Commands,
    usage: list[Path],
    calm_closed_dump: dict[str, str],
    seeded: random.Random,
    is_applied: bool,
) -> None:
    far = cutter.warehouse
    for number, path in zip(LOAD_COMMITS, usage, strict=True):
        cutter.cut(number, is_applied=is_applied)
        commands.run("load", far, path)
        assert cutter.cuts == 1
    for action, arguments, number in (("build", (), seeded.choice(BUILD_COMMITS)), CLOSE_COMMIT):
        cutter.cut(number, is_applied=is_applied)
        lost = commands.run(action, far, *arguments, code=None)
        assert (cutter.cuts, lost.code) == (1, 1), lost.output
        cutter.cut(0, is_applied=is_applied)
        commands.run(action, far, *arguments)
    assert dump(far) == calm_closed_dump
