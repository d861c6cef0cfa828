"""A build or a close killed anywhere leaves nothing half done; the next one ends the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import create_engine, text

from tests.dbt_company import CUSTOMERS, ENTITY, VALUED_METERS, august_and_september, catalog
from tests.dbt_harness import (
    Event,
    close,
    dbt,
    insert_load,
    install_catalog,
    read_as_admin,
    start_dbt,
)
from tests.drafting import EVERYTHING, LOADS_ONLY
from warehouse import Role, Warehouse

# in the order in which a build and a close reach them; what a kill undid is done again by the next
BUILD_POINTS = (
    "admission.lane_0_after_revisions",
    *(
        f"admission.lane_{lane}_{place}"
        for lane in (0, 1)
        for place in ("before_registry", "after_registry", "after_fates", "before_commit")
    ),
    "admission.balance_after_voids",
    "admission.balance_before_commit",
    "aggregation.hourly_before_commit",
    "facts.after_rows",
    "facts.before_commit",
    "facts.after_withdrawal",
    "aggregation.daily_before_commit",
    "aggregation.monthly_before_commit",
    "aggregation.latest_before_commit",
    "aggregation.values_before_commit",
    "aggregation.quantities_before_commit",
    "aggregation.levels_before_commit",
)
# a build reaches these in no order that is promised: each is built by itself
BUILT_ALONE = {
    f"aggregation.{kept}_before_commit": f"agg_usage_{kept}_daily"
    for kept in ("latest", "values", "quantities", "levels")
}
CLOSE_POINTS = (
    "close.after_number",
    "close.after_invoices",
    "close.after_lines",
    "close.before_commit",
)
CLOSE = (
    "run-operation",
    "close_period",
    "--args",
    f"{{legal_entity_id: {ENTITY}, period_start: 2026-08-01, closed_at: '2026-09-05 00:00:00+00'}}",
)
VISITS = (("2026-08-20T00:00:00+00:00", "ann"), ("2026-08-31T23:59:59+00:00", "bob"))
TABLES = (
    "marts.fct_usage_events",
    "marts.agg_usage_hourly",
    "marts.agg_usage_daily",
    "marts.agg_usage_monthly",
    "marts.agg_usage_latest_daily",
    "marts.agg_usage_values_daily",
    "marts.agg_usage_quantities_daily",
    "marts.agg_usage_levels_daily",
    "marts.fct_invoices",
    "marts.fct_invoice_lines",
    "marts.fct_invoice_line_tiers",
    "marts.fct_invoice_taxes",
    "marts.fct_invoice_line_taxes",
    "marts.fct_credit_applications",
    "ops.event_registry",
    "ops.event_fates",
    "ops.event_revisions",
    "ops.event_retractions",
    "marts.fct_event_withdrawals",
    "ops.invoice_number_series",
    "reporting.rpt_invoice_lines",
)
REACHED = "select pid from pg_stat_activity where query like :mark and datname = current_database()"


def dump(warehouse: Warehouse) -> dict[str, object]:
    """Return a digest of every table that a build or a close writes."""
    query = "select count(*), md5(string_agg(t::text, ';' order by t::text)) from {} as t"
    return {table: read_as_admin(warehouse, query.format(table)) for table in TABLES}


def kill_at(warehouse: Warehouse, point: str, arguments: Sequence[str], role: Role) -> None:
    """Run dbt until it stands at a crash point, then kill it and what the server does for it."""
    process = start_dbt(warehouse, *arguments, role=role, crash_at=point)
    engine = create_engine(warehouse.admin_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for _ in range(600):
                found = connection.execute(text(REACHED), {"mark": f"%crash_point:{point} */%"})
                backends = [pid for (pid,) in found if pid != _own(connection)]
                if backends or process.poll() is not None:
                    break
                time.sleep(0.1)
            assert process.poll() is None, f"{point} was not reached: {process.communicate()[0]}"
            process.kill()
            process.wait()
            for pid in backends:  # the server would notice by itself, seconds later
                connection.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    finally:
        engine.dispose()


def _own(connection: object) -> int:
    return connection.execute(text("select pg_backend_pid()")).scalar_one()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def landed(deployed: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    """Two landed loads with a duplicate, other payloads, a void and a rejected line."""
    warehouse = clone(deployed)
    given = catalog(more_meters=VALUED_METERS)
    given["legal_entities"][0]["duplicate_event_policy"] = "last_wins_until_close"
    install_catalog(warehouse, given)
    events = august_and_september() + [
        Event("iron", f"v{number}", day, event_type="visit", properties=f'{{"user": "{user}"}}')
        for number, (day, user) in enumerate(VISITS)
    ]
    insert_load(warehouse, events, rejected=1)
    # one of them is in lane 0
    others = [Event("gold", f"c{n}", events[1].occurred_at, quantity="99") for n in range(4)]
    void = '{"voids": "l2"}'
    others += [Event("gold", "x", VISITS[0][0], event_type="event.voided", properties=void)]
    more = [Event(name, "more", "2026-08-20T00:00:00+00:00") for name in CUSTOMERS]
    more += [
        Event("iron", f"w{number}", day, event_type="visit", properties=f'{{"user": "{user}"}}')
        for number, (day, user) in enumerate(VISITS)
    ]
    more += [Event("gold", "l3", events[-8].occurred_at, quantity="-2", event_type="level")]
    insert_load(warehouse, [events[0], *others, *more])
    return warehouse


def test_killed_anywhere_and_run_again_ends_the_same(
    landed: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    calm, killed = clone(landed), clone(landed)
    assert dbt(calm, "build", *LOADS_ONLY)[0] == 0
    assert close(calm, ENTITY, "2026-08-01", "2026-09-05 00:00:00+00")[0] == 0

    for point in BUILD_POINTS:
        arguments = (*LOADS_ONLY, "--exclude", *BUILT_ALONE.values(), "--threads", "1")
        if point in BUILT_ALONE:
            arguments = (*EVERYTHING, "--select", BUILT_ALONE[point])
        kill_at(killed, point, ("build", *arguments), Role.TRANSFORMER)
        if point.startswith("admission.lane_0"):
            assert read_as_admin(killed, "select count(*) from ops.event_registry") == [(0,)]
    assert dbt(killed, "build", *LOADS_ONLY)[0] == 0
    for point in CLOSE_POINTS:
        kill_at(killed, point, CLOSE, Role.FINANCE)
        assert read_as_admin(killed, "select count(*) from marts.fct_invoices") == [(0,)]
        assert read_as_admin(killed, "select * from ops.invoice_number_series") == []
    code, said = close(killed, ENTITY, "2026-08-01", "2026-09-05 00:00:00+00")
    assert code == 0, said
    assert dump(killed) == dump(calm)
