"""Pulling an application's table: late commits are found, nothing is lost, nothing comes twice."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text

from ingestion.sql_door.cursors import list_positions, record_position
from ingestion.sql_door.loads import pull_source
from ingestion.sql_door.settings import SqlSettings
from tests.faults.commands import KILLED, Commands
from tests.integration.sql_application import INSERT, Application
from tests.integration.test_load_files import query
from warehouse import MeterhouseError, Role, Warehouse

CRASH_POINTS = ["sql.after_pull", "load.after_landing", "load.before_commit", "sql.after_landing"]
COUNTS = """
select count(*), count(distinct delivery_id), count(distinct event_id) from raw_usage.events
"""


def test_rows_become_events_to_the_last_digit(
    warehouse: Warehouse, application: Application
) -> None:
    application.insert(2_000)
    report = pull_source(warehouse, application.source, sql_settings=SqlSettings(chunk_rows=300))
    assert (report.event_count, report.rejected_count) == (2_000, 0)
    found = query(
        warehouse,
        "select delivery_id, customer_id, event_id, event_type, occurred_at::text, quantity,"
        " properties from raw_usage.events where customer_id = 'c7'",
    )
    ((delivery, *fields),) = found
    assert delivery.startswith("app_usage:7:")
    when = "2026-08-31 22:00:00.5+00"
    assert fields == ["c7", "app/7", "calls", when, Decimal("7.000000001"), '{"model": "m"}']
    door = query(
        warehouse,
        "select source, mapping_name, file_name, line_count, load_id from"
        " ops.loads inner join ops.files using (load_id, mapping_name)",
    )
    assert door == [("sql", "app_usage", "app_usage: billing.usage_records", 2_000, 1)]
    cursors = "select source_name, load_id, row_count, null_cursor_count from ops.sql_cursors"
    assert query(warehouse, cursors) == [("app_usage", 1, 2_000, 0)]
    assert not (warehouse.state_dir / "sql_spool" / "app_usage").exists()


def test_late_commits_within_the_overlap_are_found_and_nothing_comes_twice(
    warehouse: Warehouse, application: Application
) -> None:
    application.insert(100)
    with application.engine.connect() as late:
        late.execute(text(INSERT), {"count": 5, "ago": 10})
        assert pull_source(warehouse, application.source).event_count == 100
        application.insert(10)
        assert pull_source(warehouse, application.source).event_count == 10
        late.commit()
    assert pull_source(warehouse, application.source).event_count == 5
    nothing = pull_source(warehouse, application.source)
    assert (nothing.load_id, nothing.event_count) == (None, 0)
    application.insert(3, ago=60)  # below the overlap: only a pull from further back finds them
    assert pull_source(warehouse, application.source).load_id is None
    far = pull_source(warehouse, application.source, since="2026-01-01T00:00:00Z")
    assert far.event_count == 3
    assert pull_source(warehouse, application.source, since="2026-01-01T00:00:00Z").load_id is None
    assert query(warehouse, COUNTS) == [(118, 118, 118)]


def test_a_changed_row_is_another_delivery_of_the_same_event(
    warehouse: Warehouse, application: Application
) -> None:
    application.insert(3)
    pull_source(warehouse, application.source)
    application.execute("update billing.usage_records set amount = 99 where record_id = 2")
    assert pull_source(warehouse, application.source).event_count == 1
    application.execute(
        "update billing.usage_records set updated_at = clock_timestamp() where record_id = 3"
    )
    assert pull_source(warehouse, application.source).event_count == 1
    assert query(warehouse, COUNTS) == [(5, 5, 3)]


def test_bad_rows_are_quarantined_alone(warehouse: Warehouse, application: Application) -> None:
    application.insert(5)
    bad = {
        1: "amount = 'NaN'",
        2: "amount = 1e60",
        3: "used_at = 'infinity'",
        4: "account = ''",
    }
    for record_id, change in bad.items():
        application.execute(
            f"update billing.usage_records set {change} where record_id = {record_id}"
        )
    report = pull_source(warehouse, application.source)
    assert (report.event_count, report.rejected_count) == (1, 4)
    rejected = query(
        warehouse,
        "select split_part(delivery_id, ':', 2), reason from raw_usage.rejected order by 1",
    )
    assert rejected == [
        ("1", "not_a_number"),
        ("2", "number_out_of_range"),
        ("3", "not_a_time"),
        ("4", "missing_field"),
    ]
    assert pull_source(warehouse, application.source).load_id is None


def test_a_cursor_in_the_future_hides_nothing(
    warehouse: Warehouse, application: Application
) -> None:
    application.insert(2, ago=60)
    application.execute(
        "update billing.usage_records set updated_at = '9999-01-01' where record_id = 1"
    )
    assert pull_source(warehouse, application.source).event_count == 2
    assert pull_source(warehouse, application.source).load_id is None
    application.insert(3)
    assert pull_source(warehouse, application.source).event_count == 3
    assert pull_source(warehouse, application.source).load_id is None
    assert query(warehouse, COUNTS) == [(5, 5, 5)]


def test_numbers_nulls_and_composed_keys(warehouse: Warehouse, application: Application) -> None:
    application.execute(
        "create table billing.steps (a text, b text, step int, at_local timestamp,"
        " kind text not null, primary key (a, b));"
        " grant select on billing.steps to reader"
    )
    local = "occurred_at: {column: at_local, zone: Europe/Berlin}"
    when = local + ", when: {column: kind, equals: go}}"
    application.source.write_text(
        "name: steps\nconnection: APP_DATABASE_URL\ntable: billing.steps\n"
        "cursor: {column: step, overlap: 5}\nunmatched: ignore\nevents:\n"
        "- {event_type: kind, customer_id: a, event_id: {join: [a, b]},  \n"
        f"  quantity: {{constant: '1'}}, {when}\n"
        "- {event_type: {constant: twice}, customer_id: a, event_id: b, quantity: step,\n"
        f"  {when}\n"
    )
    insert = "insert into billing.steps values (:a, :b, :step, '2026-09-01 02:00', :kind)"
    for a, b, step, kind in (
        ("x:y", "z", 7, "go"),
        ("x", "y:z", 8, "go"),
        ("n", "n", None, "go"),
        ("i", "i", 9, "stop"),
    ):
        application.execute(insert, a=a, b=b, step=step, kind=kind)
    first = pull_source(warehouse, application.source)
    assert (first.event_count, first.rejected_count) == (5, 1)  # a null is no quantity
    found = query(warehouse, "select delivery_id from raw_usage.events")
    assert len({row[0] for row in found}) == 5
    assert {row[0].split(":")[1] for row in found} == {"x%3Ay,z", "x,y%3Az", "n,n"}
    again = [pull_source(warehouse, application.source).load_id for _ in range(2)]
    assert again == [None, None]
    application.execute(insert, a="late", b="b", step=3, kind="go")
    assert pull_source(warehouse, application.source).load_id is None
    application.execute(insert, a="late", b="c", step=4, kind="go")
    assert pull_source(warehouse, application.source).event_count == 2
    application.execute(insert, a="far", b="f", step=100, kind="go")
    assert pull_source(warehouse, application.source).event_count == 2
    assert pull_source(warehouse, application.source).load_id is None  # the null is known still


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_killed_and_run_again_every_row_is_there_once(
    warehouse: Warehouse,
    application: Application,
    forked: Commands,
    point: str,
) -> None:
    application.insert(50, ago=5)
    pull_source(warehouse, application.source)
    application.insert(50)
    application.execute("update billing.usage_records set account = '' where record_id = 60")
    address = {"APP_DATABASE_URL": os.environ["APP_DATABASE_URL"]}
    forked.run("pull", warehouse, application.source, crash_at=point, code=KILLED, **address)
    report = pull_source(warehouse, application.source)
    assert (report.load_id is None) == (point == "sql.after_landing")
    assert query(warehouse, COUNTS) == [(99, 99, 99)]
    assert query(warehouse, "select count(*) from raw_usage.rejected") == [(1,)]
    assert pull_source(warehouse, application.source).load_id is None
    assert query(warehouse, "select count(*) from ops.sql_cursors") == [(2,)]


def test_another_pull_that_was_faster_is_noticed(
    warehouse: Warehouse, application: Application
) -> None:
    """The lock may be lost with a connection; the position says who was first all the same."""
    application.insert(5)
    pull_source(warehouse, application.source)
    (last,) = list_positions(warehouse.engine(Role.LOADER), "app_usage", kind="instant")
    mine = replace(last, load_id=99)
    for seen in (None, 98):
        with (
            pytest.raises(MeterhouseError, match="Another process has pulled"),
            warehouse.engine(Role.LOADER).begin() as connection,
        ):
            record_position(connection, "app_usage", mine, row_count=1, after=seen)
