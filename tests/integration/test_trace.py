"""An event is followed from every delivery of it to the invoice line, or to why there is none."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from audit.tracing import EventTrace, trace
from cli.app import app
from ingestion.quarantine.deliveries import DeliveryKey, Selection
from ingestion.quarantine.edits import parse_fields
from ingestion.quarantine.replaying import Repair, replay
from tests.integration.test_quarantine_replay import ADA
from warehouse import MeterhouseError, Warehouse


def one(warehouse: Warehouse, event_id: str, customer_id: str | None = None) -> EventTrace:
    (found,) = trace(warehouse, event_id, customer_id)
    return found


def test_from_delivery_to_closed_invoice(billed_company: Warehouse) -> None:
    found = one(billed_company, "sep-1")
    first, again = found.deliveries
    assert (first["fate"], first["file_name"], first["line_number"]) == (
        "accepted",
        "first.jsonl",
        1,
    )
    assert (again["fate"], again["detail"]) == (
        "duplicate",
        f"first delivered as {first['delivery_id']}",
    )
    assert found.fact is not None
    assert (found.fact["quantity"], found.fact["event_type"]) == (Decimal(1000), "api.call")
    (charge,) = found.charges
    assert charge.meter["dimension_key"] == '{"model": "large"}'
    assert [(row["period"], row["quantity_sum"]) for row in charge.aggregates] == [
        ("hour", Decimal(1000)),
        ("day", Decimal(1000)),
        ("month", Decimal(1000)),
    ]
    (line,) = charge.lines
    assert (line["status"], line["invoice_number"]) == ("closed", "NEU-2026-000001")
    assert (line["amount_minor"], line["tiers"][0]["quantity"]) == (1000, Decimal(1000))
    assert charge.explanation == "billed on the invoice of its month, closed 2026-10-06"


def test_late_usage_leads_to_its_adjustment(billed_company: Warehouse) -> None:
    (charge,) = one(billed_company, "late-1").charges
    assert charge.explanation.startswith("billed late: its month was closed on 2026-10-06")
    assert [(line["line_type"], line["status"], line["amount_minor"]) for line in charge.lines] == [
        ("charge", "closed", 2000),
        ("adjustment", "draft", 100),
    ]


def test_an_open_month_leads_to_a_draft(billed_company: Warehouse) -> None:
    (charge,) = one(billed_company, "oct-2").charges
    assert charge.explanation == "billed; its month is open, the invoice is a draft"
    assert [line["invoice_number"] for line in charge.lines] == [None]


def test_what_is_not_billed_says_why(billed_company: Warehouse) -> None:
    seats = one(billed_company, "seat-11")
    assert [charge.explanation for charge in seats.charges] == ["not billed: no price for that day"]
    waiting = one(billed_company, "waiting-1")
    assert [row["fate"] for row in waiting.deliveries] == ["waiting"]
    lost = one(billed_company, "lost-1")
    assert [(row["reason"], row["state"]) for row in lost.deliveries] == [
        ("unknown_customer", "open")
    ]
    assert waiting.fact is lost.fact is None
    conflict = one(billed_company, "sep-2", "c02")
    assert [row["reason"] for row in conflict.deliveries] == ["accepted", "conflicting_duplicate"]


def test_an_unknown_id_says_so(billed_company: Warehouse) -> None:
    with pytest.raises(MeterhouseError, match="No delivery is an event sep-1 of customer c02"):
        trace(billed_company, "sep-1", "c02")
    with pytest.raises(MeterhouseError, match="quarantine show 1/"):
        trace(billed_company, "cut off")


def test_several_customers_and_a_replay(
    billed_company: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    environment_of: Callable[[Warehouse], dict[str, str]],
) -> None:
    warehouse = clone(billed_company)
    repair = Repair(edits=parse_fields(["customer_id=c01"]))
    lost = one(warehouse, "lost-1").deliveries[0]
    key = DeliveryKey(lost["load_id"], lost["delivery_id"])
    replay(warehouse, Selection(keys=(key,)), repair, **ADA)
    assert [item.customer_id for item in trace(warehouse, "lost-1")] == ["c01", "nobody"]
    run, environment = CliRunner().invoke, environment_of(warehouse)
    for arguments in (["lost-1"], ["lost-1", "--customer", "nobody"], ["late-1"], ["sep-2"]):
        shown = run(app, ["trace", *arguments], env=environment)
        assert shown.exit_code == 0, shown.exception
    as_json = run(app, ["trace", "late-1", "--json"], env=environment)
    assert as_json.exit_code == 0, as_json.exception
