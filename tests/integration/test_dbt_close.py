"""A month is closed once, numbered without gaps and frozen; late usage settles exactly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from audit.explaining import explain
from tests.dbt_company import CUSTOMERS, ENTITY, august_and_september, catalog
from tests.dbt_harness import (
    Event,
    change_as_admin,
    close,
    dbt,
    insert_load,
    install_catalog,
    read_as_admin,
)
from tests.drafting import EVERYTHING, LOADS_ONLY
from warehouse import Role, Warehouse

AUGUST, SEPTEMBER = "2026-08-01", "2026-09-01"
LATE = [
    Event("gold", "late", "2026-08-15T00:00:00+00:00", "4"),
    Event("iron", "late", "2026-08-15T00:00:00+00:00", "10", event_type="job"),
]
# a cent of prepaid credit, so that every closed table has rows
GRANT = {"grant_id": "cent", "customer_id": "zinc", "label": "Cent", "amount": "0.01"} | {
    "granted_on": "2026-08-31"
}
# by hand: price -> quantity, unrounded, cents
GOLD_IN_AUGUST = {
    "fee": "0 31 3100",
    "calls": "5 0.045 5",  # 3 beyond the 2 free ones; half a cent goes away from zero
    "bytes": "12.5 2.125 213",  # 10 x 0.1 + 1, 2.5 x 0.05
    "jobs": "10.5 18.75 1875",  # all at the second tier: 10.5 x 1.5 + 3
    "peak": "9 15 1500",  # the peak of 9 starts three packages of 4
}
ADJUSTMENTS = {
    ("gold", "calls"): "1 0.015 1",  # 4 x 0.015 = 6 cents, 5 were billed
    ("gold", "bytes"): "4 0.2 20",  # 2 + 6.5 x 0.05 = 2.325, 2.13 were billed
    ("iron", "jobs"): "10 20 2000",  # at the edge of the first tier
}
TOTALS = {"gold": 3100 + 5 + 213 + 1875 + 1500, "iron": 3100 + 100, "zinc": 1500 + 100 - 1}
LINES = (
    "select customer_id, price_id, trim_scale(quantity) || ' ' || trim_scale(amount_unrounded)"
    " || ' ' || amount_minor from reporting.rpt_invoice_lines"
)
REGISTER = (
    "select invoice_number, customer_id, total_minor, adjustment_minor, due_on::text"
    " from reporting.rpt_invoice_register where status = 'closed' order by invoice_number"
)
CLOSED_TABLES = (
    "fct_invoices",
    "fct_invoice_lines",
    "fct_invoice_line_tiers",
    "fct_invoice_taxes",
    "fct_invoice_line_taxes",
    "fct_credit_applications",
)
# as in production: rating tables are replaced only when what they are made from has changed
DEPLOYED = ("--vars", "{code_version: deployed}")
GAINED = ("charge_key", "source_id", "adjusted_line_type", "charge_month")
DUMP = "select md5(string_agg(t::text, ';' order by t::text)) from marts.{} as t"


def dump(warehouse: Warehouse) -> list[object]:
    """Return a digest of each closed table."""
    return [read_as_admin(warehouse, DUMP.format(table)) for table in CLOSED_TABLES]


def said_of(result: tuple[int, str]) -> str:
    assert result[0] == 0, result[1]
    return result[1]


@pytest.fixture(scope="module")
def drafted(deployed: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    """Two drafted months."""
    warehouse = clone(deployed)
    install_catalog(warehouse, catalog() | {"credit_grants": [GRANT]})
    insert_load(warehouse, august_and_september())
    said_of(dbt(warehouse, "build", *LOADS_ONLY))
    return warehouse


@pytest.fixture(scope="module")
def closed(drafted: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    """August is closed, September is a draft."""
    warehouse = clone(drafted)
    said = said_of(close(warehouse, ENTITY, AUGUST, "2026-09-04T00:00:00+00:00"))
    assert "3 invoices" in said
    return warehouse


def test_a_draft_of_each_charge_model(drafted: Warehouse) -> None:
    query = f"{LINES} where customer_id = 'gold' and service_start = '2026-08-01'"
    assert {row[1]: row[2] for row in read_as_admin(drafted, query)} == GOLD_IN_AUGUST


def test_the_gates_name_everything_that_is_missing(
    drafted: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    warehouse = clone(drafted)
    insert_load(warehouse, LATE)
    code, said = close(warehouse, ENTITY, SEPTEMBER, "2026-10-03T23:59:59+00:00")
    assert code != 0
    assert "1 landed loads are not in the aggregates yet (2 is the first): run the build" in said
    assert "the grace period of 3 days ends at 2026-10-04 00:00 UTC, after closed_at" in said
    assert "earlier months with usage are open: 2026-08: close them first" in said
    code, said = close(warehouse, ENTITY, "2026-08-02", "2026-10-04T00:00:00+00:00")
    assert code != 0
    assert "has no billing month that starts on 2026-08-02" in said
    assert read_as_admin(warehouse, "select * from ops.closes") == []
    assert read_as_admin(warehouse, "select * from ops.invoice_number_series") == []
    assert dump(warehouse) == [[(None,)]] * len(CLOSED_TABLES)


def test_drafts_of_an_older_catalog_are_not_closed(
    drafted: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    warehouse = clone(drafted)
    renamed = catalog()
    renamed["plans"][0]["plan_name"] += " renamed"
    install_catalog(warehouse, renamed)
    code, said = close(warehouse, ENTITY, AUGUST, "2026-09-05T00:00:00+00:00")
    assert code != 0
    assert "the drafts are not those of the newest usage and catalog" in said
    assert read_as_admin(warehouse, "select * from ops.closes") == []


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (
            "update marts.agg_usage_monthly set quantity_sum = quantity_sum + 0.000000001"
            " where customer_id = 'gold' and meter_id = 'jobs' and usage_month = '2026-08-01'",
            "customer gold, meter jobs: facts 1 events of 10.5, hours 1 events of 10.5, "
            "days 1 events of 10.5, month 1 events of 10.500000001",
        ),
        (
            "delete from marts.fct_usage_events where event_id = 'l2'",
            "2 differences in the usage of the month; the first: customer gold, meter peak: "
            "facts 1 events of 8, hours 2 events of 17",
        ),
    ],
)
def test_a_month_that_does_not_reconcile_is_not_closed(
    drafted: Warehouse, clone: Callable[[Warehouse], Warehouse], fault: str, found: str
) -> None:
    warehouse = clone(drafted)
    change_as_admin(warehouse, fault)
    code, said = close(warehouse, ENTITY, AUGUST, "2026-09-05T00:00:00+00:00")
    assert code != 0
    assert "differences in the usage of the month; the first: " in said
    assert found in said
    assert read_as_admin(warehouse, "select * from ops.closes") == []


def test_a_close_numbers_its_invoices(closed: Warehouse) -> None:
    rows = [
        (f"INV-2026-{number:06}", name, TOTALS[name], 0, "2026-10-04")
        for number, name in enumerate(CUSTOMERS, start=1)
    ]
    assert read_as_admin(closed, REGISTER) == rows
    query = f"{LINES} where customer_id = 'gold' and status = 'closed'"
    assert {row[1]: row[2] for row in read_as_admin(closed, query)} == GOLD_IN_AUGUST


def test_a_second_close_changes_nothing(closed: Warehouse) -> None:
    before = dump(closed)
    said = said_of(close(closed, ENTITY, AUGUST, "2026-12-01T00:00:00+00:00"))
    assert f"Already closed: {ENTITY} {AUGUST}. Nothing was changed." in said
    assert dump(closed) == before
    assert read_as_admin(closed, "select last_number from ops.invoice_number_series") == [(3,)]


@pytest.mark.parametrize("table", CLOSED_TABLES)
@pytest.mark.parametrize("login", [*[role for role in Role if role != Role.ORCHESTRATOR], None])
def test_closed_rows_can_not_be_changed(closed: Warehouse, login: Role | None, table: str) -> None:
    url = closed.admin_url if login is None else closed.url(login)
    engine = create_engine(url)
    statements = [
        f"update marts.{table} set invoice_key = invoice_key",
        f"delete from marts.{table}",
        f"truncate marts.{table}",
    ]
    for statement in statements:
        with (
            pytest.raises(DBAPIError, match=r"append-only|permission denied"),
            engine.begin() as connection,
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_late_usage_settles_exactly(closed: Warehouse, clone: Callable) -> None:
    warehouse = clone(closed)
    before = dump(warehouse)
    insert_load(warehouse, LATE)
    said_of(dbt(warehouse, "build", *LOADS_ONLY, *DEPLOYED))
    adjustments = f"{LINES} where line_type = 'adjustment' and service_end = '2026-09-01'"
    drafted = read_as_admin(warehouse, f"{adjustments} and status = 'draft'")
    assert {row[:2]: row[2] for row in drafted} == ADJUSTMENTS
    assert dump(warehouse) == before

    said_of(close(warehouse, ENTITY, SEPTEMBER, "2026-10-04T00:00:00+00:00"))
    settled = read_as_admin(warehouse, f"{adjustments} and status = 'closed'")
    assert sorted(settled) == sorted(drafted)
    september = [
        (f"INV-2026-{number:06}", name, 3210 + late, late, "2026-11-03")
        for number, (name, late) in enumerate(
            {"gold": 21, "iron": 2000, "zinc": 0}.items(), start=4
        )
    ]
    assert read_as_admin(warehouse, REGISTER)[3:] == september
    said_of(dbt(warehouse, "build", *LOADS_ONLY, *DEPLOYED))
    again = read_as_admin(warehouse, f"{LINES} where line_type = 'adjustment'")
    assert sorted(again) == sorted(drafted)
    october = "select count(*), sum(total_minor) from reporting.rpt_invoice_register"
    assert read_as_admin(warehouse, f"{october} where period_start = '2026-10-01'") == [(3, 9600)]
    said_of(dbt(warehouse, "test", "--select", "test_type:singular"))
    explained(warehouse)


def explained(warehouse: Warehouse) -> None:
    """Checks that closed lines of usage lead to the events that they were billed for."""
    query = (
        "select invoice_number, line_number, price_id, line_type from reporting.rpt_invoice_lines"
    )
    lines = read_as_admin(warehouse, f"{query} where customer_id = 'gold' and status = 'closed'")
    found = {
        (line_type, price): explain(warehouse, number, line)
        for number, line, price, line_type in lines
        if price != "fee" and number in ("INV-2026-000001", "INV-2026-000004")
    }
    assert [key for key, item in found.items() if item.differences] == []
    events = {key: [row["event_id"] for row in item.events] for key, item in found.items()}
    assert events["charge", "bytes"] in (["c0", "c1", "c2", "c3", "c4"], ["sep"])
    assert events["adjustment", "bytes"] == events["adjustment", "calls"] == ["late"]
    assert found["adjustment", "bytes"].measured_quantity == 4
    assert found["adjustment", "calls"].counted["event_count"] == 1


def test_a_table_closed_before_gains_the_columns_of_today(
    closed: Warehouse, clone: Callable
) -> None:
    warehouse = clone(closed)
    dropped = ", ".join(f"drop column {name} cascade" for name in GAINED)
    engine = create_engine(warehouse.admin_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"alter table marts.fct_invoice_lines {dropped}, alter column price_id set not null"
        )
    engine.dispose()
    before = dump(warehouse)
    insert_load(warehouse, LATE)
    said_of(dbt(warehouse, "build", *EVERYTHING, *DEPLOYED))
    columns = (
        f"select attname, attnotnull from pg_attribute where attname in {(*GAINED, 'price_id')}"
        " and attrelid = 'marts.fct_invoice_lines'::regclass"
    )
    nullable = dict.fromkeys([*GAINED, "price_id"], False)
    assert dict(read_as_admin(warehouse, columns)) == nullable
    assert dump(warehouse)[0] == before[0]
    drafted = read_as_admin(warehouse, f"{LINES} where line_type = 'adjustment'")
    assert {row[:2]: row[2] for row in drafted} == ADJUSTMENTS
