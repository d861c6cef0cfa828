"""What is kept of values is proved against the facts; a new meter gets those of the past."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from tests.dbt_company import VALUED_METERS, august_and_september, catalog
from tests.dbt_harness import Event, dbt, insert_load, install_catalog, read_as_admin
from tests.drafting import LOADS_ONLY, dbt_target
from warehouse import Warehouse

TESTS = ("assert_values_equal_rebuild", "assert_values_hold_the_same_usage")
NOON = "2026-08-20T12:00:00+00:00"
# what is broken -> the statement that breaks it
BROKEN = {
    "another last event": "update marts.agg_usage_latest_daily set latest_event_id = 'x'",
    "another last value": "update marts.agg_usage_latest_daily set latest_quantity = 0.000000001",
    "a value is gone": "delete from marts.agg_usage_values_daily where value_key = '=ann'",
    "a value is another": "update marts.agg_usage_values_daily set value_key = value_key || 'x'",
    "a quantity counts more": "update marts.agg_usage_quantities_daily set event_count = 9",
    "a level changes more": "update marts.agg_usage_levels_daily set level_change = 0.1",
    "a change comes later": "update marts.agg_usage_levels_daily set unit_seconds = 0.000001",
}


@pytest.fixture(scope="module")
def kept(deployed: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    """Usage that was aggregated before its meters of values were in the catalog, and after."""
    warehouse = clone(deployed)
    visits = {"meter_id": "visits", "meter_name": "Visits", "event_type": "visit", "unit": "u"}
    install_catalog(warehouse, catalog(more_meters=(visits | {"aggregation": "count"},)))
    nameless = Event("iron", "v0", NOON, event_type="visit")
    insert_load(warehouse, [*august_and_september(), visit("v1", "ann"), nameless])
    assert dbt(warehouse, "build", *LOADS_ONLY)[0] == 0
    meters = (visits | {"aggregation": "count"}, *VALUED_METERS)
    install_catalog(warehouse, catalog(more_meters=meters))
    later = [visit("v2", "ann"), visit("v3", "bob"), Event("iron", "v4", NOON, event_type="visit")]
    insert_load(warehouse, later)
    code, said = dbt(warehouse, "build", *LOADS_ONLY)
    assert code == 0, said
    return warehouse


def visit(event_id: str, user: str) -> Event:
    return Event("iron", event_id, NOON, event_type="visit", properties=f'{{"user": "{user}"}}')


def test_what_was_accepted_before_the_meter_is_measured(kept: Warehouse) -> None:
    values = "select value_key, event_count from marts.agg_usage_values_daily order by value_key"
    assert read_as_admin(kept, values) == [("=ann", 2), ("=bob", 1)]
    refused = "select event_id, reason from ops.event_fates where event_id in ('v0', 'v4')"
    assert read_as_admin(kept, refused) == [("v4", "unmeasurable")]
    last = "select latest_event_id, latest_quantity from marts.agg_usage_latest_daily"
    assert read_as_admin(kept, last) == [("l2", 9)]


@pytest.fixture(scope="module")
def proof(kept: Warehouse) -> str:
    """The SQL of the comparison with a rebuild, which nothing has failed so far."""
    code, said = dbt(kept, "test", "--select", *TESTS)
    assert code == 0, said
    (compiled,) = Path(dbt_target()).glob(f"compiled/**/{TESTS[0]}.sql")
    return compiled.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_what_is_broken_is_found(kept: Warehouse, proof: str, name: str) -> None:
    engine = create_engine(kept.admin_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(proof).all() == []
        assert connection.exec_driver_sql(BROKEN[name]).rowcount > 0
        assert connection.exec_driver_sql(proof).all() != []
        connection.rollback()
    engine.dispose()
