"""What every door relies on: its units, its own records and its rows count together, or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, text

from ingestion.batches import Batch, ReadAgainError, land_batches
from ingestion.ledger import LoadKey, Unit
from ingestion.validator import Origin, validate_lines
from warehouse import MeterhouseError, Role, Warehouse

KEY = LoadKey(source="replay", mapping_name="native", mapping_sha256="")
LINES = [
    b'{"event_id":"%d","customer_id":"c","event_type":"t",'
    b'"occurred_at":"2026-09-01T00:00:00Z","quantity":1}' % number
    for number in range(5)
]
UNITS = [Unit(1, "first", "1" * 64, 100), Unit(2, "second", "2" * 64, 50)]


def read_two_units(load_id: int) -> Iterator[Batch | Unit]:
    for unit, lines in zip(UNITS, (LINES[:3], [*LINES[3:], b"no json"]), strict=True):
        origin = Origin(load_id, unit.number, f"topic:{unit.number}")
        yield Batch(unit.number, validate_lines(lines, first_line=7, origin=origin), len(lines))
        yield unit


def fetch(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.engine(Role.LOADER).connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_units_are_counted_and_deliveries_named_as_the_door_says(warehouse: Warehouse) -> None:
    report = land_batches(warehouse, KEY, read_two_units)
    assert report is not None
    assert (report.event_count, report.rejected_count) == (5, 1)
    assert report.rejected_by_reason == {"malformed_json": 1}
    assert fetch(warehouse, "select source, state, received_count from ops.loads") == [
        ("replay", "landed", 6)
    ]
    assert fetch(
        warehouse,
        "select file_number, file_name, size_bytes, line_count, event_count, rejected_count"
        " from ops.files order by 1",
    ) == [(1, "first", 100, 3, 3, 0), (2, "second", 50, 3, 2, 1)]
    deliveries = fetch(warehouse, "select delivery_id from raw_usage.events order by 1")
    assert deliveries[0] == ("topic:1:7",)
    assert fetch(warehouse, "select delivery_id from raw_usage.rejected") == [("topic:2:9",)]


def test_what_a_door_records_commits_with_the_load(warehouse: Warehouse) -> None:
    seen: list[tuple[int, str]] = []

    def record(connection: Connection, load_id: int) -> None:
        query = text("select state from ops.loads where load_id = :load_id")
        inside = connection.execute(query, {"load_id": load_id}).scalar_one()
        outside = fetch(warehouse, f"select state from ops.loads where load_id = {load_id}")
        seen.append((load_id, f"{inside}, outside {outside[0][0]}"))

    report = land_batches(warehouse, KEY, read_two_units, record=record)
    assert report is not None
    assert seen == [(report.load_id, "landed, outside landing")]


def refuse(connection: Connection, load_id: int) -> None:
    raise MeterhouseError("Another one was first.")


def break_off(load_id: int) -> Iterator[Batch | Unit]:
    yield from list(read_two_units(load_id))[:1]
    raise MeterhouseError("Another one was first.")


@pytest.mark.parametrize(
    ("read", "record"), [(read_two_units, refuse), (break_off, None)], ids=["record", "read"]
)
def test_a_door_that_fails_takes_its_load_back_and_says_why(
    warehouse: Warehouse, read: Callable, record: Callable | None
) -> None:
    with pytest.raises(MeterhouseError, match="Another one was first"):
        land_batches(warehouse, KEY, read, record=record)
    assert fetch(warehouse, "select state from ops.loads") == [("aborted",)]
    assert (
        fetch(warehouse, "select 1 from raw_usage.events union all select 1 from ops.files") == []
    )


def test_a_door_may_read_again_without_what_it_refused(warehouse: Warehouse) -> None:
    tries: list[int] = []

    def read(load_id: int) -> Iterator[Batch | Unit]:
        items = list(read_two_units(load_id))
        tries.append(load_id)
        yield from items[:2]
        if len(tries) == 1:
            yield items[2]
            raise ReadAgainError

    report = land_batches(warehouse, KEY, read)
    assert report is not None
    assert (len(tries), len(set(tries)), report.event_count) == (2, 1, 3)
    assert fetch(warehouse, "select count(*) from raw_usage.events") == [(3,)]


def test_a_unit_that_was_not_read_whole_does_not_land(warehouse: Warehouse) -> None:
    with pytest.raises(MeterhouseError, match="unit 2 was read whole"):
        land_batches(warehouse, KEY, lambda load_id: list(read_two_units(load_id))[:3])
    assert fetch(warehouse, "select count(*) from raw_usage.events") == [(0,)]


def test_nothing_to_read_is_no_load(warehouse: Warehouse) -> None:
    assert land_batches(warehouse, KEY, lambda load_id: []) is None
    assert fetch(warehouse, "select state from ops.loads") == [("aborted",)]
