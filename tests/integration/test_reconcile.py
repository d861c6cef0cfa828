"""Reconciling finds whatever is lost, doubled or changed anywhere on the line, and names it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import create_engine
from typer.testing import CliRunner

from audit import Range, Reconciliation, reconcile
from cli.app import app
from ingestion.quarantine.deliveries import Selection
from ingestion.quarantine.edits import parse_fields
from ingestion.quarantine.held import read_held, reading
from ingestion.quarantine.replaying import Repair, replay
from tests.conftest import run_dbt
from tests.integration.test_quarantine_replay import ADA
from warehouse import MeterhouseError, Warehouse

# what is broken, the hop that is the first to differ, and what is said of it
BREAKS = {
    "a fact is gone": (
        "delete from marts.fct_usage_events where event_id = 'sep-1'",
        "facts",
        "customer_id c01: event_count: raw_usage, not refused 5, .* 4.*sep-1.*no fact",
    ),
    "a fact is there twice": (
        "insert into marts.fct_usage_events select * from marts.fct_usage_events"
        " where event_id = 'sep-2'",
        "facts",
        "customer_id c02: .*sep-2.*landed 1 times, is a fact 2 times",
    ),
    "a fact says more": (
        "update marts.fct_usage_events set quantity = quantity + 0.000000001"
        " where event_id = 'sep-3'",
        "facts",
        "quantity_sum.*sep-3.*says 3000.000000000, its fact 3000.000000001",
    ),
    "a fact happened later": (
        "update marts.fct_usage_events set occurred_at = occurred_at + interval '1 hour'"
        " where event_id = 'sep-3'",
        "hourly",
        "hour_start 2026-09-10T12:00:00",
    ),
    "an hour counts less": (
        "update marts.agg_usage_hourly set event_count = event_count - 1"
        " where customer_id = 'c05' and hour_start = '2026-10-10T12:00:00Z'",
        "hourly",
        "customer_id c05, meter_id calls, .*2026-10-10T12.*load_id 1: event_count",
    ),
    "an hour has another greatest": (
        "update marts.agg_usage_hourly set quantity_max = quantity_max + 1"
        " where meter_id = 'seats' and hour_start = '2026-10-11T09:00:00Z'",
        "hourly",
        "meter_id seats.*quantity_max: fct_usage_events 7.5",
    ),
    "an hour is gone": (
        "delete from marts.agg_usage_hourly where customer_id = 'j01'",
        "hourly",
        "customer_id j01",
    ),
    "a day says more": (
        "update marts.agg_usage_daily set quantity_sum = quantity_sum + 1"
        " where customer_id = 'c02' and usage_date = '2026-09-10'",
        "daily",
        "customer_id c02, meter_id calls, .*2026-09-10: quantity_sum",
    ),
    "a month is gone": (
        "delete from marts.agg_usage_monthly where customer_id = 'c02'",
        "monthly",
        "customer_id c02, meter_id calls.*2026-09-01",
    ),
    "a delivery landed once more": (
        "insert into raw_usage.events select load_id, 'x:1', file_number, line_number, customer_id,"
        " 'new', event_type, occurred_at, quantity, properties from raw_usage.events"
        " where event_id = 'sep-4'",
        "raw rows",
        "load_id 1, file_number 1: event_count",
    ),
    "a rejected line is gone": ("delete from raw_usage.rejected", "raw rows", "rejected_count"),
    "rows of no load": (
        "insert into raw_usage.rejected values (99, 'x:1', 1, 1, 'not_a_time', 'x', 'x')",
        "raw rows",
        "load_id 99",
    ),
    "a file counts less": (
        "update ops.files set received_count = received_count - 1, event_count = event_count - 1"
        " where load_id = 1",
        "files",
        "load_id 1: received_count",
    ),
    "a fate is gone": (
        "delete from ops.event_fates where reason = 'malformed_json'",
        "one fate each",
        "load_id 1: delivery_count",
    ),
    "a fate of nothing": (
        "insert into ops.event_fates values (1, 'x:9', 'c01', 'x', 'duplicate', 'duplicate', 'x')",
        "one fate each",
        "load_id 1",
    ),
    "the ledger counts other facts": (
        "update ops.applied_loads set row_count = row_count + 1"
        " where model_name = 'fct_usage_events' and load_id = 2",
        "one fate each",
        "load_id 2",
    ),
    "the ledger forgets an hour": (
        "delete from ops.applied_loads where model_name = 'agg_usage_hourly/seats'",
        "hourly",
        "meter_id seats",
    ),
}


def said(found: Reconciliation) -> str:
    return "; ".join(f"{hop.name}: {hop.describe()}" for hop in found.differences)


def change(warehouse: Warehouse, statement: str) -> None:
    engine = create_engine(warehouse.admin_url)
    with engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0
    engine.dispose()


def test_a_sound_warehouse_has_no_difference(billed_company: Warehouse) -> None:
    found = reconcile(billed_company)
    assert said(found) == ""
    assert all(hop.left_total == hop.right_total for hop in found.hops)
    totals = {hop.name: hop.left_total for hop in found.hops}
    assert (totals["one fate each"], totals["facts"], totals["hourly"]) == (33, 29, 29)
    assert len(found.waiting_loads) == 1
    (files,) = found.balances
    assert (files.label, files.received, files.accepted, files.duplicate) == ("files", 34, 29, 1)
    assert (files.quarantined_open, files.conflicting, files.waiting) == (3, 1, 1)


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_broken_is_found_and_named(
    billed_company: Warehouse, clone: Callable[[Warehouse], Warehouse], what: str
) -> None:
    statement, hop, words = BREAKS[what]
    broken = clone(billed_company)
    change(broken, statement)
    found = reconcile(broken)
    assert [item.name for item in found.differences][:1] == [hop], said(found)
    assert re.search(words, found.differences[0].describe()), said(found)


def test_days_are_compared_alone(
    billed_company: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    broken = clone(billed_company)
    change(broken, BREAKS["an hour counts less"][0])
    assert said(reconcile(broken, Range(date(2026, 9, 1), date(2026, 10, 1)))) == ""
    assert said(reconcile(broken, Range(None, date(2026, 10, 10)))) == ""
    found = reconcile(broken, Range(date(2026, 10, 10), date(2026, 10, 11)), by="day")
    assert [hop.name for hop in found.differences] == ["hourly", "daily"]
    assert [(row.label, row.accepted) for row in found.balances] == [("2026-10-10", 13)]
    with pytest.raises(MeterhouseError, match="there is no day"):
        reconcile(broken, Range(date(2026, 10, 1), date(2026, 10, 1)))


@pytest.mark.parametrize("by", ["unit", "customer", "meter", "day"])
def test_every_balance_adds_up(billed_company: Warehouse, by: str) -> None:
    rows = reconcile(billed_company, by=by).balances
    assert sum(row.received for row in rows) == 34
    for row in rows:
        held = row.quarantined_open + row.quarantined_replayed + row.discarded
        assert row.received == row.accepted + row.duplicate + held + row.waiting


def test_the_views_of_the_balance_agree_with_the_ledger(
    billed_company: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    broken = clone(billed_company)
    tests = ("test", "--select", "fct_delivery_counts", "rpt_delivery_balance")
    assert run_dbt(broken, *tests).returncode == 0
    change(broken, "delete from ops.event_fates where fate = 'duplicate'")
    said_ = run_dbt(broken, *tests, check=False).stdout
    assert re.findall(r"FAIL 1 sums_match_fct_delivery_counts_(\w+?)_count", said_) == ["accepted"]


def test_a_replay_is_reconciled(
    billed_company: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    warehouse = clone(billed_company)
    with reading(warehouse) as connection:
        (lost,) = read_held(connection, Selection(reasons=("unknown_customer",)), limit=9)
    repair = Repair(edits=parse_fields(["customer_id=c01"]))
    assert replay(warehouse, Selection(keys=(lost.key,)), repair, **ADA).admitted_count == 1
    found = reconcile(warehouse)
    assert said(found) == ""
    doors = {row.label: row for row in found.balances}
    assert (doors["replay"].received, doors["replay"].waiting) == (1, 1)
    assert (doors["files"].quarantined_open, doors["files"].quarantined_replayed) == (2, 1)
    change(warehouse, "delete from raw_usage.events where delivery_id like 'replay:%%'")
    assert {hop.name for hop in reconcile(warehouse).differences} == {"raw rows", "replays"}


def test_the_command_exits_by_what_it_found(
    billed_company: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    environment_of: Callable[[Warehouse], dict[str, str]],
) -> None:
    run = CliRunner().invoke
    broken = clone(billed_company)
    environment = environment_of(broken)
    sound = run(app, ["reconcile", "--json"], env=environment)
    assert sound.exit_code == 0, sound.output
    change(broken, BREAKS["a day says more"][0])
    assert run(app, ["reconcile"], env=environment).exit_code == 1
