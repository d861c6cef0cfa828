"""What becomes of deliveries: one fate each, whatever arrives, however often, in whatever state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import create_engine

from tests.dbt_company import catalog
from tests.dbt_harness import (
    Event,
    dbt,
    delivery_id,
    insert_load,
    install_catalog,
    read_as_admin,
    start_dbt,
)
from tests.drafting import LOADS_ONLY
from warehouse import Role, Warehouse

DAY = "2026-08-05T10:00:00+00:00"
FIRST = [
    Event("gold", "a", DAY, "1", properties='{"model": "m", "n": 1}'),
    Event("gold", "a", DAY, "1.0", properties='{"n": 1.0, "model": "m"}'),
    Event("gold", "a", DAY, "2", properties='{"model": "m", "n": 1}'),
    Event("iron", "a", DAY, "1"),
    Event("nobody", "b", DAY),
    Event("gold", "c", DAY, event_type="dance"),
    Event("gold", "d", "1999-12-31T23:59:59+00:00"),
    Event("gold", "e", "2026-10-21T00:00:00+00:00"),
    Event("gold", "f", "2026-10-20T23:59:59+00:00"),
]
FIRST_FATES = [
    (2, "duplicate", "duplicate", 1),
    (3, "quarantined", "conflicting_duplicate", 1),
    (5, "quarantined", "unknown_customer", None),
    (6, "quarantined", "unknown_event_type", None),
    (7, "quarantined", "time_out_of_range", None),
    (8, "quarantined", "time_out_of_range", None),
    (10, "quarantined", "malformed_json", None),
]
FATES = "select load_id, delivery_id, fate, reason, first_delivery_id from ops.event_fates"
FACTS = "select load_id, delivery_id from marts.fct_usage_events order by load_id, delivery_id"
LANES = """
    select load_id, sum(row_count) from ops.applied_loads
    where starts_with(model_name, 'int_events_admitted_') group by load_id order by load_id
"""
LEDGER = "select model_name, load_id, row_count from ops.applied_loads order by 1, 2"


@dataclass(frozen=True)
class Admitted:
    """A warehouse that has admitted two loads, the second of which had landed twice."""

    warehouse: Warehouse
    first: int
    second: int


@pytest.fixture(scope="module")
def admitted(deployed: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Admitted:
    warehouse = clone(deployed)
    install_catalog(warehouse, catalog())
    first = insert_load(warehouse, FIRST, rejected=1)
    again = [FIRST[0], FIRST[3], Event("gold", "g", "2026-09-05T10:00:00+00:00", "3")]
    second = insert_load(warehouse, again, rejected=1, copies=2)
    code, said = dbt(warehouse, "build", *LOADS_ONLY)
    assert code == 0, said
    return Admitted(warehouse, first, second)


def test_every_delivery_has_its_fate(admitted: Admitted) -> None:
    expected = {
        (
            admitted.first,
            delivery_id(admitted.first, line),
            fate,
            reason,
            delivery_id(admitted.first, kept) if kept else None,
        )
        for line, fate, reason, kept in FIRST_FATES
    }
    second = admitted.second
    expected |= {
        (second, delivery_id(second, 1), "duplicate", "duplicate", delivery_id(admitted.first, 1)),
        (second, delivery_id(second, 2), "duplicate", "duplicate", delivery_id(admitted.first, 4)),
        (second, delivery_id(second, 4), "quarantined", "malformed_json", None),
    }
    assert set(read_as_admin(admitted.warehouse, FATES)) == expected


def test_one_lane_decides_an_event_and_not_the_other(admitted: Admitted) -> None:
    """Were an event in both, all would come out the same, for twice the work."""
    accepted = "select load_id, count(*) from ops.event_registry group by load_id order by load_id"
    assert read_as_admin(admitted.warehouse, LANES) == read_as_admin(admitted.warehouse, accepted)


def test_what_landed_twice_counts_once(admitted: Admitted) -> None:
    first, second = admitted.first, admitted.second
    kept = [(first, delivery_id(first, line)) for line in (1, 4, 9)]
    assert read_as_admin(admitted.warehouse, FACTS) == [*kept, (second, delivery_id(second, 3))]
    counts = "select sum(event_count), sum(quantity_sum) from marts.agg_usage_daily"
    assert read_as_admin(admitted.warehouse, f"{counts} where meter_id = 'calls'") == [(4, 6)]


def test_reports_balance(admitted: Admitted) -> None:
    report = (
        "select load_id, sum(delivery_count) from reporting.rpt_event_fates group by 1 order by 1"
    )
    rows = read_as_admin(admitted.warehouse, report)
    assert rows == [(admitted.first, 10), (admitted.second, 4)]
    quarantine = (
        "select count(*), count(raw_text), count(line_number) from reporting.rpt_quarantine"
    )
    assert read_as_admin(admitted.warehouse, quarantine) == [(7, 7, 7)]


def test_a_full_refresh_is_refused(admitted: Admitted) -> None:
    before = read_as_admin(admitted.warehouse, FACTS)
    arguments = ("run", "--full-refresh", "--select", "fct_usage_events", "agg_usage_daily")
    code, said = dbt(admitted.warehouse, *arguments)
    assert code != 0
    assert "fct_usage_events is append-only" in said
    assert "--full-refresh is refused" in said
    assert read_as_admin(admitted.warehouse, FACTS) == before


def test_a_month_can_be_detached(admitted: Admitted) -> None:
    engine = admitted.warehouse.engine(Role.TRANSFORMER)
    month = "marts.fct_usage_events_2026_09"
    with engine.connect() as connection:  # rolled back at the end
        connection.exec_driver_sql(f"alter table marts.fct_usage_events detach partition {month}")
        facts = connection.exec_driver_sql("select count(*) from marts.fct_usage_events")
        assert facts.scalar_one() == 3
        assert connection.exec_driver_sql(f"select count(*) from {month}").scalar_one() == 1


def test_a_load_that_does_not_balance_is_not_applied(
    deployed_warehouse: Warehouse,
) -> None:
    install_catalog(deployed_warehouse, catalog())
    load_id = insert_load(deployed_warehouse, [Event("gold", "x", DAY)], missing=1)
    code, said = dbt(deployed_warehouse, "build", *LOADS_ONLY)
    assert code != 0
    assert (
        f"Load {load_id} does not balance and was not applied: received 2, in raw_usage 1" in said
    )
    assert read_as_admin(deployed_warehouse, LEDGER) == []
    assert read_as_admin(deployed_warehouse, FACTS) == []
    assert read_as_admin(deployed_warehouse, "select * from ops.event_registry") == []


def test_a_delivery_without_a_fate_stops_its_load(deployed_warehouse: Warehouse) -> None:
    """As many rows as were counted, but one of them twice and another one missing."""
    install_catalog(deployed_warehouse, catalog())
    events = [Event("gold", "x", DAY), Event("gold", "y", DAY)]
    load_id = insert_load(deployed_warehouse, events)
    engine = create_engine(deployed_warehouse.admin_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("delete from raw_usage.events where event_id = 'y'")
        connection.exec_driver_sql("insert into raw_usage.events select * from raw_usage.events")
    engine.dispose()
    code, said = dbt(deployed_warehouse, "build", *LOADS_ONLY)
    assert code != 0
    assert f"Load {load_id} does not balance and was not applied: received 2, accepted 1" in said
    assert read_as_admin(deployed_warehouse, FACTS) == []
    ledger = read_as_admin(deployed_warehouse, LEDGER)
    assert {row[0] for row in ledger} == {"int_events_admitted_0", "int_events_admitted_1"}


def test_two_runs_at_once_leave_what_one_would(
    deployed_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    install_catalog(deployed_warehouse, catalog())
    events = [
        Event("gold", f"e{n}", f"2026-08-{n % 28 + 1:02}T{n % 24:02}:00:00+00:00", str(n % 7))
        for n in range(5000)
    ]
    loads = [insert_load(deployed_warehouse, events[part::3]) for part in range(3)]
    runs = [
        start_dbt(
            deployed_warehouse, "build", *LOADS_ONLY, target=str(tmp_path_factory.mktemp("target"))
        )
        for _ in range(2)
    ]
    outputs = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert sum("nothing pending" in line for out in outputs for line in out.splitlines()) >= 4
    ledger = read_as_admin(deployed_warehouse, LEDGER)
    assert [row[1] for row in ledger if row[0] == "fct_usage_events"] == loads
    totals = "select sum(event_count), sum(quantity_sum) from {} where meter_id = 'bytes'"
    for table in ("marts.agg_usage_hourly", "marts.agg_usage_daily", "marts.agg_usage_monthly"):
        expected = [(5000, sum(n % 7 for n in range(5000)))]
        assert read_as_admin(deployed_warehouse, totals.format(table)) == expected


def test_a_new_meter_gets_the_usage_of_the_past(admitted: Admitted, clone: Callable) -> None:
    warehouse = clone(admitted.warehouse)
    meter = {"meter_id": "late", "meter_name": "Late", "event_type": "call", "unit": "u"}
    install_catalog(warehouse, catalog(more_meters=(meter | {"aggregation": "sum"},)))
    code, said = dbt(warehouse, "build", *LOADS_ONLY)
    assert code == 0, said
    late = "select sum(event_count), sum(quantity_sum) from marts.agg_usage_monthly"
    assert read_as_admin(warehouse, f"{late} where meter_id = 'late'") == [(4, 6)]
    assert read_as_admin(warehouse, f"{late} where meter_id = 'calls'") == [(4, 6)]
    code, said = dbt(warehouse, "test", "--select", "assert_aggregates_equal_rebuild")
    assert code == 0, said
