"""A door whose COMMIT or its reply is lost looks at what landed, and goes on: all lands once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from ingestion.batches import land_batches
from ingestion.ledger import abort_load, open_load
from ingestion.loads import load_files
from ingestion.quarantine.deliveries import DeliveryKey, Selection
from ingestion.quarantine.replaying import replay
from ingestion.quarantine.resolving import discard, restore
from ingestion.sql_door.loads import pull_source
from tests.billed_company import write_lines
from tests.dbt_harness import read_as_admin
from tests.drafting import build
from tests.faults.commit_cutter import CommitCutter
from tests.integration.sql_application import serving_application
from tests.integration.test_door_seam import KEY, UNITS, read_two_units
from tests.integration.test_quarantine_replay import ADA, ADMISSION, LINES, know_newcomer
from tests.kafka.conftest import wait_until
from warehouse import Role, Warehouse

LEFT = "select load_id, delivery_id from ops.event_fates where customer_id = 'nobody'"
COUNTS = "select count(*), count(distinct delivery_id) from raw_usage.events"
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like :q"


@pytest.fixture
def cutters() -> Iterator[Callable[[Warehouse], CommitCutter]]:
    made: list[CommitCutter] = []

    def cut(warehouse: Warehouse) -> CommitCutter:
        made.append(CommitCutter(warehouse))
        return made[-1]

    yield cut
    for cutter in made:
        cutter.close()


def test_a_pull_whose_commit_is_lost_lands_each_row_once(
    warehouse: Warehouse,
    cutters: Callable[[Warehouse], CommitCutter],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cutter = cutters(warehouse)
    with serving_application(warehouse, tmp_path, monkeypatch) as application:

        def pull() -> int:
            application.insert(3)
            return pull_source(cutter.warehouse, application.source).event_count

        assert pull() == 3  # dlt registers itself
        cutter.cut(0, is_applied=False)
        assert pull() == 3
        last = cutter.commits  # the one that makes the load count
        for pulls, (number, is_applied) in enumerate(product((1, last), (True, False)), start=3):
            cutter.cut(number, is_applied=is_applied)
            assert (pull(), cutter.cuts) == (3, 1)
            assert read_as_admin(warehouse, COUNTS) == [(3 * pulls, 3 * pulls)]
        assert pull_source(cutter.warehouse, application.source).load_id is None
    cursors = "select count(*), sum(row_count) from ops.sql_cursors"
    assert read_as_admin(warehouse, cursors) == [(6, 18)]


def test_a_replay_whose_commit_is_lost_is_done_once(
    fresh: Callable[[], Warehouse],
    clone: Callable[[Warehouse], Warehouse],
    cutters: Callable[[Warehouse], CommitCutter],
    tmp_path: Path,
) -> None:
    held = fresh()
    load_files(held, [write_lines(tmp_path / "usage.jsonl", LINES)])
    build(held, ADMISSION)
    know_newcomer(held)
    last = 0  # no cut at first: a replay of one load, whose last commit makes it count
    for is_applied in (False, False, True):
        warehouse = clone(held)
        cutter = cutters(warehouse)
        cutter.cut(last, is_applied=is_applied)
        report = replay(cutter.warehouse, Selection(), **ADA)
        assert (report.admitted_count, report.examined_count, len(report.load_ids)) == (2, 8, 1)
        assert cutter.cuts == (1 if last else 0)
        replayed = "select count(*) from raw_usage.events where delivery_id like 'replay:%'"
        decided = "select count(*) from ops.quarantine_resolutions"
        assert read_as_admin(warehouse, f"select ({replayed}), ({decided})") == [(2, 2)]
        last = last or cutter.commits
        # named one by one: were it not noticed that all is done, they would be refused
        keys = read_as_admin(warehouse, LEFT)
        named = Selection(keys=tuple(DeliveryKey(*key) for key in keys))
        for number, decide in enumerate((discard, restore), start=3):
            cutter.cut(1, is_applied=is_applied)
            assert (decide(cutter.warehouse, named, **ADA), cutter.cuts) == (1, 1)
            assert read_as_admin(warehouse, decided) == [(number,)]


def test_a_load_whose_commit_is_under_way_is_not_taken_back(warehouse: Warehouse) -> None:
    """The reply may be lost before the server is through: what it decides then is what counts."""
    report = land_batches(warehouse, KEY, read_two_units)
    assert report is not None
    engine = warehouse.engine(Role.LOADER)
    state = text("update ops.loads set state = :state where load_id = :load_id")
    load = {"load_id": report.load_id}
    with engine.begin() as connection:
        connection.execute(state, {**load, "state": "landing"})
    found: list[bool] = []
    with engine.connect() as slow, engine.connect() as onlooker:
        slow.execute(state, {**load, "state": "landed"})
        taking = threading.Thread(target=lambda: found.append(abort_load(engine, report.load_id)))
        taking.start()
        wait_until(lambda: bool(_count_waiting(onlooker)))
        slow.commit()
        taking.join()
    assert found == [False]
    assert read_as_admin(warehouse, COUNTS) == [(5, 5)]


def _count_waiting(connection: Connection) -> int:
    count = connection.execute(text(WAITING), {"q": "%ops.loads%"}).scalar_one()
    connection.rollback()
    return count


def test_a_door_begins_again_when_its_lock_is_lost(warehouse: Warehouse) -> None:
    """Without it another loader may take the load back: then it is read again."""
    tries: list[int] = []

    def read(load_id: int) -> Iterator[object]:
        tries.append(load_id)
        if len(tries) == 1:
            abort_load(warehouse.engine(Role.LOADER), load_id)
            read_as_admin(
                warehouse,
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name like 'meterhouse:%' and pid <> pg_backend_pid()",
            )
        yield from read_two_units(load_id)

    report = land_batches(warehouse, KEY, read)  # type: ignore[arg-type]
    assert report is not None
    assert len(report.units) == len(UNITS)
    assert (len(tries), report.load_id) == (2, open_load(warehouse.engine(Role.LOADER), KEY) - 1)
    assert read_as_admin(warehouse, COUNTS) == [(5, 5)]
