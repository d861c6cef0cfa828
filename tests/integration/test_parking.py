"""A customer that can not be billed is parked, the others are closed; mended, it is released."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from cli.app import app
from orchestration.closing import Waiver, close_period, preview_close
from orchestration.releasing import release_customer
from tests.dbt_company import ENTITY, catalog
from tests.dbt_harness import Event, dbt, insert_load, install_catalog, read_as_admin
from tests.drafting import LOADS_ONLY, build
from tests.integration.test_dbt_recovery import kill_at
from warehouse import MeterhouseError, Role, Warehouse

AUGUST = date(2026, 8, 1)
CLOSED_AT, RELEASED_AT = datetime(2026, 9, 5, tzinfo=UTC), datetime(2026, 9, 8, tzinfo=UTC)
DAY = "2026-08-20T00:00:00+00:00"
HUGE = "100000000000000000000"
WAIVER = Waiver("ada", "two customers wait for their contracts")
CLOSE = {"legal_entity_id": ENTITY, "period_start": AUGUST, "closed_at": CLOSED_AT}
PARKED = (
    "select customer_id, to_char(month_start, 'YYYY-MM'), state, reason"
    " from reporting.rpt_customers_parked where month_start = '2026-08-01' order by customer_id"
)
REGISTER = (
    "select invoice_number, customer_id, total_minor, issued_at::date::text from"
    " marts.fct_invoices order by invoice_number"
)
DRAFTS = (
    "select customer_id, total_minor from reporting.rpt_invoice_register"
    " where status = 'draft' and period_start = '{}' order by customer_id"
)
OUT_OF_RANGE = "the amount is out of range: it has more than 17 digits in minor units"


def company(zinc_plan: str) -> dict[str, object]:
    made = catalog()
    made["subscriptions"][2]["plan_id"] = zinc_plan
    return made


@pytest.fixture(scope="module")
def parked(deployed: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    """Iron used more than an amount can say, zinc is on a plan that is not there."""
    warehouse = clone(deployed)
    install_catalog(warehouse, company("gone"))
    calls = [Event("gold", f"c{number}", DAY) for number in range(3)]
    insert_load(warehouse, [*calls, Event("iron", "huge", DAY, HUGE, event_type="job")])
    build(warehouse, LOADS_ONLY)
    return warehouse


@pytest.fixture(scope="module")
def left_out(parked: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    """August is closed without iron and zinc."""
    warehouse = clone(parked)
    arguments = {
        **{name: str(value) for name, value in CLOSE.items()},
        "waive_parked": WAIVER.why,
        "who": WAIVER.who,
    }
    operation = ("run-operation", "close_period", "--args", json.dumps(arguments))
    kill_at(warehouse, "close.after_parked", operation, Role.FINANCE)
    assert read_as_admin(warehouse, "select * from ops.parked_customers") == []
    report = close_period(warehouse, **CLOSE, waiver=WAIVER)  # type: ignore[arg-type]  # fields by name
    assert (report.invoice_count, report.line_count) == (1, 3)
    return warehouse


def test_the_others_are_drafted_as_if_they_were_not_there(parked: Warehouse) -> None:
    assert read_as_admin(parked, PARKED) == [
        (
            "iron",
            "2026-08",
            "parked",
            f"price jobs@2026-08-01 of subscription s_iron: {OUT_OF_RANGE}",
        ),
        (
            "zinc",
            "2026-08",
            "parked",
            "subscription s_zinc is to plan gone, which the catalog does not have",
        ),
    ]
    # 31.00; one call beyond the two free ones at 0.015 is 0.02; 3 bytes at 0.1 and 1.00
    assert read_as_admin(parked, DRAFTS.format(AUGUST)) == [("gold", 3100 + 2 + 130)]


def test_a_close_refuses_them_and_says_so(parked: Warehouse) -> None:
    with pytest.raises(
        MeterhouseError, match="2 customers are parked; the first: iron, price jobs"
    ):
        close_period(parked, **CLOSE)  # type: ignore[arg-type]  # fields by name
    found = preview_close(parked, **CLOSE)  # type: ignore[arg-type]  # fields by name
    assert [gate["gate"] for gate in found.gates if gate["problem"]] == ["parked customers"]
    assert [row["customer_id"] for row in found.invoices] == ["gold"]
    assert read_as_admin(parked, REGISTER) == []


def test_a_waived_close_leaves_them_out_and_writes_down_who_and_why(left_out: Warehouse) -> None:
    assert read_as_admin(left_out, REGISTER) == [("INV-2026-000001", "gold", 3232, "2026-09-05")]
    recorded = "select customer_id, who, why from ops.parked_customers order by customer_id"
    assert read_as_admin(left_out, recorded) == [
        ("iron", WAIVER.who, WAIVER.why),
        ("zinc", WAIVER.who, WAIVER.why),
    ]
    with pytest.raises(MeterhouseError, match="iron is still parked, price jobs@2026-08-01"):
        release_customer(left_out, "iron", period_start=None, released_at=RELEASED_AT, who="ada")
    with pytest.raises(MeterhouseError, match="No close left out customer gold"):
        release_customer(left_out, "gold", period_start=AUGUST, released_at=RELEASED_AT, who="ada")
    engine = create_engine(left_out.admin_url)
    for statement in ("update ops.parked_customers set why = 'x'", "truncate ops.releases"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_mended_customers_are_released_in_the_series(
    left_out: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    environment_of: Callable[[Warehouse], dict[str, str]],
) -> None:
    warehouse = clone(left_out)
    insert_load(warehouse, [Event("iron", "less", DAY, f"-{HUGE}", event_type="job")])
    install_catalog(warehouse, company("all"))
    build(warehouse, LOADS_ONLY)
    assert [row[2:] for row in read_as_admin(warehouse, PARKED)] == [("held", None)] * 2
    # the fee of 31.00, of zinc's 15 days of 31, and the first tier's 1.00 of bytes at no usage
    assert read_as_admin(warehouse, DRAFTS.format(AUGUST)) == [("iron", 3200), ("zinc", 1600)]
    september = read_as_admin(warehouse, DRAFTS.format("2026-09-01"))
    assert september == [("gold", 3200), ("iron", 3200), ("zinc", 3200)]

    arguments = {"legal_entity_id": ENTITY, "customer_id": "iron", "who": "ada"}
    arguments |= {"period_start": str(AUGUST), "released_at": str(RELEASED_AT)}
    operation = ("run-operation", "release_customer", "--args", json.dumps(arguments))
    kill_at(warehouse, "release.before_commit", operation, Role.FINANCE)
    assert len(read_as_admin(warehouse, REGISTER)) == 1
    run, environment = CliRunner().invoke, environment_of(warehouse)
    for command in (["release"], ["release", "iron", "--released-at", RELEASED_AT.isoformat()]):
        shown = run(app, command, env=environment)
        assert shown.exit_code == 0, shown.exception
    release_customer(warehouse, "zinc", period_start=AUGUST, released_at=RELEASED_AT, who="ada")
    assert read_as_admin(warehouse, REGISTER)[1:] == [
        ("INV-2026-000002", "iron", 3200, "2026-09-08"),
        ("INV-2026-000003", "zinc", 1600, "2026-09-08"),
    ]
    with pytest.raises(MeterhouseError, match="or it was released since"):
        release_customer(warehouse, "iron", period_start=None, released_at=RELEASED_AT, who="ada")

    assert [row[2] for row in read_as_admin(warehouse, PARKED)] == ["released"] * 2
    assert read_as_admin(warehouse, DRAFTS.format(AUGUST)) == []
    assert read_as_admin(warehouse, DRAFTS.format("2026-09-01")) == september
    code, said = dbt(warehouse, "test", "--select", "test_type:singular")
    assert code == 0, said
