"""A loader that is killed anywhere, run again, leaves what an unharmed one leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.generator import write_sample_usage
from ingestion.ledger import LoadKey, open_load
from ingestion.loads import load_files
from ingestion.validator import Origin, validate_lines
from tests.dbt_harness import read_as_admin
from tests.faults.commands import KILLED, Commands
from tests.kafka.conftest import wait_until
from warehouse import Role, Warehouse

CRASH_POINTS = [
    "load.after_hash",
    "load.after_open",
    "load.after_extract",
    "load.after_normalize",
    "load.after_landing",
    "load.before_commit",
    "load.after_commit",
]
WAITING = (
    "select 1 from pg_stat_activity where query like 'lock table%' and wait_event_type = 'Lock'"
)
CONTENT = """
select 'events', delivery_id, file_number, line_number, customer_id, event_id, event_type,
    occurred_at::text, quantity::text, properties
from raw_usage.events
union all
select 'rejected', delivery_id, file_number, line_number, reason, detail, raw_text, '', '', ''
from raw_usage.rejected
order by 1, 2
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample_usage(folder, customers=["a", "b", "c"], events=3_000, months=1)
    return folder


def content(warehouse: Warehouse) -> list[tuple]:
    """Every raw row of this warehouse, whatever its load's state, without the load's number."""
    with warehouse.engine(Role.LOADER).connect() as connection:
        return [tuple(row) for row in connection.execute(text(CONTENT))]


@pytest.fixture(scope="module")
def expected(make_warehouse: Callable[[], Warehouse], sample: Path) -> list[tuple]:
    warehouse = make_warehouse()
    load_files(warehouse, [sample])
    return content(warehouse)


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_killed_and_run_again_every_row_is_there_once(
    warehouse: Warehouse, forked: Commands, sample: Path, expected: list[tuple], point: str
) -> None:
    forked.run("load", warehouse, sample, crash_at=point, code=KILLED)
    report = load_files(warehouse, [sample])
    assert content(warehouse) == expected
    with warehouse.engine(Role.LOADER).connect() as connection:
        states = list(connection.execute(text("select state from ops.loads order by 1")).scalars())
        files = connection.execute(text("select count(*) from ops.files")).scalar_one()
    assert states.count("landed") == 1
    assert "landing" not in states
    assert files == len(list(sample.iterdir()))
    had_landed = point == "load.after_commit"
    assert (report.load_id is None) == had_landed
    had_opened = point not in ("load.after_hash", "load.after_commit")
    assert len(report.recovered_loads) == int(had_opened)
    assert load_files(warehouse, [sample]).load_id is None
    assert content(warehouse) == expected
    folder = warehouse.state_dir / "dlt"
    assert not folder.exists() or not any(folder.iterdir())


def test_a_copy_that_a_killed_loader_left_running_is_waited_for(
    warehouse: Warehouse, forked: Commands, sample: Path, expected: list[tuple]
) -> None:
    """Its server process may still commit: taking the load back waits, then deletes those rows."""
    engine = warehouse.engine(Role.LOADER)
    load_id = open_load(engine, LoadKey("files", "native", ""))
    event = (
        b'{"event_id":"e","customer_id":"c","event_type":"t",'
        b'"occurred_at":"2026-09-01T00:00:00Z","quantity":1}'
    )
    row = validate_lines([event], first_line=1, origin=Origin(load_id, 1, "f" * 16)).events
    names = ", ".join(f":{name}" for name in row.column_names)
    with engine.connect() as zombie:
        zombie.execute(text(f"insert into raw_usage.events values ({names})"), row.to_pylist())
        waiting = forked.start("load", warehouse, sample)
        wait_until(lambda: bool(read_as_admin(warehouse, WAITING)))
        assert not waiting.is_over
        zombie.commit()
    assert waiting.wait().code == 0
    assert content(warehouse) == expected
