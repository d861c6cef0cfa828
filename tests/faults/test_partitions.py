"""Somebody takes a month's partition of the facts away by hand: what comes next is not held up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from audit import reconcile
from tests.dbt_harness import change_as_admin, read_as_admin
from tests.faults.bad_events import line
from tests.faults.commands import Commands
from warehouse import Warehouse

EVENTS = "select event_id from marts.fct_usage_events order by 1"
AUGUST, SEPTEMBER = "2026-08-20T00:00:00Z", "2026-09-20T00:00:00Z"
TAKE_AWAY = """
    alter table marts.fct_usage_events detach partition marts.fct_usage_events_2026_08;
    drop table marts.fct_usage_events_2026_09
"""


def test_a_detached_month_comes_back_and_a_dropped_one_is_missed(
    fresh: Callable[[], Warehouse], commands: Commands, tmp_path: Path
) -> None:
    warehouse = fresh()

    def deliver(name: str) -> None:
        path = tmp_path / f"{name}.jsonl"
        months = {"august": AUGUST, "september": SEPTEMBER, "october": "2026-10-20T00:00:00Z"}
        lines = [line(f"{name} {month}", occurred_at=at) for month, at in months.items()]
        path.write_bytes(b"\n".join(lines))
        commands.run("load", warehouse, path)
        commands.run("build", warehouse)

    deliver("first")
    assert not reconcile(warehouse).differences
    change_as_admin(warehouse, TAKE_AWAY)
    deliver("second")
    assert [name for (name,) in read_as_admin(warehouse, EVENTS)] == [
        *("first august", "first october"),
        *("second august", "second october", "second september"),
    ]
    differences = reconcile(warehouse).differences
    assert differences[0].name == "facts"
    assert "event first september" in differences[0].describe()
    assert "is no fact" in differences[0].describe()
