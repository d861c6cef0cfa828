"""Every place at which a process can be killed is in a sweep that kills it there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.faults.simulation import RATING_POINTS
from tests.integration.test_dbt_recovery import BUILD_POINTS, CLOSE_POINTS

IN_PYTHON = re.compile(r"crash_point\(\"([a-z_.]+)\"\)")
IN_SQL = re.compile(r"crash_point\('([a-z_.]+)'\)")
END_IN_SQL = re.compile(r"crash_point\(.*~ '([a-z_.]+)'\)")
STAGE = re.compile(r"crash_stage\s*=\s*'([a-z0-9_.]+)'")
REPLACED = re.compile(r"materialized\s*=\s*'replaced'")
LITERAL = re.compile(r"\"([a-z0-9_.]+)\"")
PREFIXED = re.compile(r"f\"([a-z]+)\.\{")


def named_points(files: dict[str, str]) -> Iterator[str]:
    """Yields the crash points that code names, those of the materialisations for each model."""
    for path, text in files.items():
        if path.startswith("tests/"):
            continue
        yield from IN_PYTHON.findall(text)
        yield from IN_SQL.findall(text)
        yield from (f"{stage}before_commit" for stage in STAGE.findall(text))
        if path.endswith(".sql") and "/models/" in path and REPLACED.search(text):
            yield f"{path.rsplit('/', 1)[1].removesuffix('.sql')}.before_commit"


def swept_points(files: dict[str, str]) -> set[str]:
    """Returns the crash points that tests name, a file that puts the stage in front included."""
    found = {*BUILD_POINTS, *CLOSE_POINTS, *RATING_POINTS}
    for path, text in files.items():
        if path.startswith("tests/") and "/contract/" not in path:
            names = LITERAL.findall(text)
            found.update(names)
            found.update(f"{stage}.{name}" for stage in PREFIXED.findall(text) for name in names)
    return found


def test_the_ends_of_points_that_sql_puts_together_are_swept(
    read: Callable[..., dict[str, str]],
) -> None:
    ends = {end for text in read(".sql").values() for end in END_IN_SQL.findall(text)}
    assert "before_commit" in ends
    swept = (*BUILD_POINTS, *RATING_POINTS)
    assert sorted(end for end in ends if not any(p.endswith(end) for p in swept)) == []


def test_every_crash_point_is_swept(read: Callable[..., dict[str, str]]) -> None:
    files = read(".py", ".sql")
    points = set(named_points(files))
    assert {"load.after_open", "close.before_commit", "export.after_csv"} <= points
    assert sorted(points - swept_points(files)) == []


def test_a_point_without_a_sweep_is_found() -> None:
    code = {"ingestion/a.py": 'crash_point("door.after_read")', "tests/a.py": '"door.after_write"'}
    assert set(named_points(code)) - swept_points(code) == {"door.after_read"}
    model = {"dbt_project/models/a/int_x.sql": "{{ config(materialized='replaced') }}"}
    assert list(named_points(model)) == ["int_x.before_commit"]
