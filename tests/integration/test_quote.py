"""A quote prices usage through the models that bill, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from orchestration.quoting import quote
from warehouse import MeterhouseError, Role, Warehouse

PLAN = """\
meters:
  - {meter_id: calls, meter_name: Calls, event_type: call, aggregation: count, unit: calls}
  - {meter_id: sales, meter_name: Sales, event_type: sale, aggregation: sum, unit: units}
plans:
  - plan_id: tried
    plan_name: Tried
    currency_code: EUR
    prices:
      - price_id: calls
        label: Calls
        charge_model: graduated
        meter_id: calls
        versions:
          - valid_from: 2026-01-01
            tiers:
              - {up_to: 2, unit_price: 1.00}
              - {unit_price: 0.505, flat_fee: 3}
      - price_id: sales
        label: Sales
        charge_model: per_unit
        meter_id: sales
        versions: [{valid_from: 2026-01-01, unit_price: 1}]
      - price_id: fee
        label: Fee
        charge_model: flat
        versions: [{valid_from: 2026-01-01, amount: 10}]
"""


@pytest.fixture
def given(tmp_path: Path) -> tuple[Path, Path]:
    """The plan, and usage: five calls, a sale that is too big, a line that is no event."""
    plan, usage = tmp_path / "plan.yaml", tmp_path / "usage.jsonl"
    plan.write_text(PLAN)
    events = [
        {"event_id": f"e{number}", "customer_id": customer, "event_type": "call"}
        | {"quantity": "1", "occurred_at": f"2026-09-0{number}T00:00:00Z"}
        for number, customer in enumerate(("acme", "acme", "acme", "acme", "bee"), start=1)
    ]
    beyond = {"event_id": "b", "customer_id": "cow", "event_type": "sale"}
    events.append(beyond | {"quantity": "9" * 29, "occurred_at": "2026-09-01T00:00:00Z"})
    usage.write_text("\n".join([*map(json.dumps, events), "{broken"]) + "\n")
    return plan, usage


def databases(warehouse: Warehouse) -> list[str]:
    """Returns the scratch databases beside a warehouse, and its folders for them."""
    query = text("select datname from pg_database where starts_with(datname, :prefix)")
    prefix = f"{warehouse.admin_url.database}_scratch_"
    with warehouse.engine(Role.REPORTER).connect() as connection:
        names = list(connection.execute(query, {"prefix": prefix}).scalars())
    return [*names, *(str(path) for path in (warehouse.state_dir / "scratch").glob("*"))]


def test_usage_is_priced_by_customer_and_month(
    warehouse: Warehouse, given: tuple[Path, Path]
) -> None:
    plan, usage = given
    found = quote(warehouse, plan=plan, usage=[usage])
    # acme: 2 at 1 + 2 at 0.505 + 3 = 6.01, and 10; bee: 1 at 1, and 10
    assert [(row["customer_id"], row["total_minor"]) for row in found.invoices] == [
        ("acme", 1601),
        ("bee", 1100),
    ]
    tiers = [
        (tier["tier_number"], str(tier["quantity"])) for tier in _line(found, "Calls")["tiers"]
    ]
    assert [(number, quantity.split(".")[0]) for number, quantity in tiers] == [(1, "2"), (2, "2")]
    assert {row["reason"]: row["delivery_count"] for row in found.fates} == {
        "accepted": 6,
        "malformed_json": 1,
    }
    (parked,) = found.parked
    assert (parked["customer_id"], "out of range" in parked["reason"]) == ("cow", True)
    assert databases(warehouse) == []
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        assert connection.execute(text("select count(*) from ops.loads")).scalar_one() == 0


def _line(found: object, label: str) -> dict:
    lines = found.invoices[0]["lines"]  # type: ignore[attr-defined]  # a Quote
    return next(line for line in lines if line["label"] == label)


def test_a_wrong_plan_is_refused_with_its_own_file_and_line(
    warehouse: Warehouse, given: tuple[Path, Path]
) -> None:
    plan, usage = given
    plan.write_text(PLAN.replace("unit_price: 1.00", "unit_price: x"))
    with pytest.raises(MeterhouseError) as refused:
        quote(warehouse, plan=plan, usage=[usage])
    assert f"{plan}:16: " in str(refused.value)
    assert databases(warehouse) == []


@pytest.mark.parametrize(
    ("plan_id", "written", "message"),
    [
        ("other", PLAN, "no plan other"),
        ("", PLAN + PLAN.split("plans:\n")[1].replace("tried", "again"), "--plan-id: tried, again"),
        ("", PLAN.split("plans:")[0], "has no plan"),
    ],
)
def test_a_file_without_the_one_plan_is_refused(
    warehouse: Warehouse, given: tuple[Path, Path], plan_id: str, written: str, message: str
) -> None:
    plan, usage = given
    plan.write_text(written)
    with pytest.raises(MeterhouseError, match=message):
        quote(warehouse, plan=plan, usage=[usage], plan_id=plan_id)


def test_usage_without_an_event_is_refused(warehouse: Warehouse, given: tuple[Path, Path]) -> None:
    plan, usage = given
    usage.write_text("{broken\n")
    with pytest.raises(MeterhouseError, match=r"No usage event in .*1 malformed_json"):
        quote(warehouse, plan=plan, usage=[usage])


def test_what_a_killed_quote_left_is_removed_by_the_next(
    warehouse: Warehouse,
    given: tuple[Path, Path],
    environment_of: Callable[[Warehouse], dict[str, str]],
) -> None:
    plan, usage = given
    command = [sys.executable, "-m", "cli", "quote", "--plan", str(plan), "--usage", str(usage)]
    environment = {**environment_of(warehouse), "METERHOUSE_CRASH_AT": "scratch.after_open"}
    killed = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(databases(warehouse)) == 3  # the database, the orchestrator's, the folder
    usage.write_text("{broken\n")
    environment.pop("METERHOUSE_CRASH_AT")
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "No usage event" in again.stdout + again.stderr
    assert "Traceback" not in again.stdout + again.stderr
    assert databases(warehouse) == []
