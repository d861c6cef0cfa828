"""What was in quarantine comes again after a fix: exactly what is repaired, exactly once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from ingestion.loads import load_files
from ingestion.mappings import load_mapping
from ingestion.quarantine.conflicts import read_conflict
from ingestion.quarantine.deliveries import DeliveryKey, HeldDelivery, Selection
from ingestion.quarantine.edits import parse_fields, read_edit_file
from ingestion.quarantine.exporting import export_held
from ingestion.quarantine.held import count_reasons, read_held, reading
from ingestion.quarantine.replaying import Repair, preview_replay, replay
from ingestion.quarantine.resolving import discard, restore
from tests.billed_company import write_lines
from tests.dbt_company import catalog
from tests.dbt_harness import install_catalog, read_as_admin
from tests.drafting import build
from warehouse import MeterhouseError, Role, Warehouse

ADMISSION = (
    *("--exclude-resource-type", "unit_test", "test", "--select"),
    *("int_events_admitted_0", "int_events_admitted_1", "int_loads_admitted", "fct_usage_events"),
)
DAY = "2026-08-05T10:00:00Z"
ADA = {"who": "Ada", "why": "mended"}
NEWCOMER = {"customer_id": "late", "customer_name": "Late", "legal_entity_id": "le"} | {
    "country_code": "SE",
    "currency_code": "EUR",
}
RESOLUTIONS = """
    select action, who, why, replay_load_id is not null, edited_text is not null
    from ops.quarantine_resolutions order by resolution_id
"""


def line(event_id: str, customer_id: str, quantity: object = 1, **more: object) -> str:
    event = {"event_id": event_id, "customer_id": customer_id, "event_type": "call"}
    return json.dumps({**event, "occurred_at": DAY, "quantity": quantity, **more})


LINES = [
    line("good", "gold", properties={"model": "m"}),
    line("good", "gold", 7, properties={"model": "n"}),
    line("early", "late", "2.5", properties={"n": 1.50, "model": "ä"}),
    line("early", "late", "2.5", properties={"n": 1.5, "model": "ä"}),
    line("early", "late", "9"),
    line("other", "nobody"),
    line("typo", "gold", "1,5"),
    line("dance", "gold", event_type="dance"),
    '{"event_id": "cut off',
]

SHEET = ["id;who;when;amount;model", f"r1;gold;{DAY};1,5;gr\u00f6\u00dfe", f"r2;gold;{DAY};2;x"]
MAPPING = """
name: sheet
format: csv
csv: {separator: ";", decimal: ".", encoding: latin-1}
events:
- event_type: {constant: call}
  customer_id: who
  event_id: id
  occurred_at: when
  quantity: amount
  properties: {model: model}
"""


@dataclass(frozen=True)
class Held:
    """A warehouse with one load in it, most of which is in quarantine."""

    warehouse: Warehouse
    load_id: int

    def find(self, **chosen: Any) -> list[HeldDelivery]:
        with reading(self.warehouse) as connection:
            return read_held(connection, Selection(**chosen), limit=100)

    def key(self, number: int) -> DeliveryKey:
        """Returns the delivery of a line of LINES, from 1."""
        found = self.find(load_ids=(self.load_id,))
        return next(item.key for item in found if item.line_number == number)

    def states(self) -> dict[str, dict[str, int]]:
        with reading(self.warehouse) as connection:
            rows = count_reasons(connection, Selection())
        return {row.reason: {k: n for k, n in row.counts.items() if n} for row in rows}


@pytest.fixture(scope="module")
def loaded(
    deployed: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    tmp_path_factory: pytest.TempPathFactory,
) -> Warehouse:
    warehouse = clone(deployed)
    install_catalog(warehouse, catalog())
    folder = tmp_path_factory.mktemp("usage")
    load_files(warehouse, [write_lines(folder / "usage.jsonl", LINES)])
    (folder / "sheet.csv").write_bytes("\n".join(SHEET).encode("latin-1"))
    (folder / "wrong.yaml").write_text(MAPPING)
    load_files(warehouse, [folder / "sheet.csv"], folder / "wrong.yaml")
    build(warehouse, ADMISSION)
    return warehouse


@pytest.fixture
def held(loaded: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Held:
    warehouse = clone(loaded)
    ((load_id,),) = read_as_admin(warehouse, "select min(load_id) from ops.loads")
    return Held(warehouse, load_id)


def know_newcomer(warehouse: Warehouse) -> None:
    """Lands a catalog that knows the customer `late`."""
    known = catalog()
    install_catalog(warehouse, known | {"customers": [*known["customers"], NEWCOMER]})


def test_the_catalog_learns_of_a_customer_and_its_events_come_again(held: Held) -> None:
    selection = Selection(reasons=("unknown_customer",))
    before = preview_replay(held.warehouse, selection)
    assert (before.examined_count, before.admitted_count) == (4, 0)
    raw_before = read_as_admin(held.warehouse, "select count(*) from raw_usage.events")
    assert read_as_admin(held.warehouse, "select count(*) from ops.loads") == [(2,)]
    know_newcomer(held.warehouse)

    report = preview_replay(held.warehouse, selection)
    expected = {"accepted": 1, "duplicate": 1, "conflicting_duplicate": 1, "unknown_customer": 1}
    assert report.counts == expected
    assert read_as_admin(held.warehouse, "select count(*) from raw_usage.events") == raw_before

    done = replay(held.warehouse, selection, **ADA)
    assert done.counts == expected
    assert held.states()["unknown_customer"] == {"open": 2, "replayed": 2}
    again = replay(held.warehouse, selection, **ADA)
    assert (again.examined_count, again.admitted_count, again.load_ids) == (2, 0, [])
    build(held.warehouse, ADMISSION)

    (load_id,) = done.load_ids
    first = f"replay:{held.load_id}:{held.key(3).delivery_id}"
    facts = f"""
        select delivery_id, occurred_at = '{DAY}', quantity::text, properties::jsonb
        from marts.fct_usage_events where load_id = {load_id}
    """
    assert read_as_admin(held.warehouse, facts) == [
        (first, True, "2.500000000", {"n": 1.5, "model": "ä"})
    ]
    fates = f"select fate, first_delivery_id from ops.event_fates where load_id = {load_id}"
    assert read_as_admin(held.warehouse, fates) == [("duplicate", first)]
    source = f"select source, received_count from ops.loads where load_id = {load_id}"
    assert read_as_admin(held.warehouse, source) == [("replay", 2)]
    original = f"select count(*) from ops.event_fates where load_id = {held.load_id}"
    assert read_as_admin(held.warehouse, f"{original} and fate = 'quarantined'") == [(8,)]
    # what stayed would conflict with what was admitted by now
    (stays,) = preview_replay(held.warehouse, Selection(keys=(held.key(5),))).refused
    assert (stays.reason, stays.detail) == ("conflicting_duplicate", f"first delivered as {first}")


def test_a_value_is_edited_with_who_and_why(held: Held) -> None:
    key = held.key(7)
    repair = Repair(edits=parse_fields(["quantity=1.5", "properties.model=large"]))
    with pytest.raises(MeterhouseError, match="who made it"):
        replay(held.warehouse, Selection(keys=(key,)), repair, who="Ada", why=" ")
    with pytest.raises(MeterhouseError, match="none is named"):
        replay(held.warehouse, Selection(reasons=("not_a_number",)), repair, **ADA)
    assert replay(held.warehouse, Selection(keys=(key,)), repair, **ADA).counts == {"accepted": 1}
    event = "select quantity::text, properties from raw_usage.events where event_id = 'typo'"
    assert read_as_admin(held.warehouse, event) == [("1.500000000", '{"model": "large"}')]
    assert read_as_admin(held.warehouse, RESOLUTIONS) == [("replay", "Ada", "mended", True, True)]
    (delivery,) = held.find(keys=(key,))
    assert (delivery.state, delivery.raw) == ("replayed", LINES[6].encode())
    with pytest.raises(MeterhouseError, match="came again as"):
        replay(held.warehouse, Selection(keys=(key,)), repair, **ADA)


def test_edits_that_mend_nothing_leave_everything_as_it_was(held: Held) -> None:
    keys = (held.key(7), held.key(8), held.key(9))
    repair = Repair(edits=parse_fields(["quantity=many"]))
    report = replay(held.warehouse, Selection(keys=keys), repair, **ADA)
    assert report.counts == {"not_a_number": 2, "not_readable": 1}
    assert report.load_ids == []
    same = Repair(edits=parse_fields(["event_type=dance"]))
    refused = preview_replay(held.warehouse, Selection(keys=(held.key(8),)), same).refused
    assert refused[0].detail == "the edit changes nothing"
    assert read_as_admin(held.warehouse, RESOLUTIONS) == []
    with pytest.raises(MeterhouseError, match="is no edit"):
        parse_fields(["amount=1"])
    for wrong in ("properties=[1]", "properties={"):
        with pytest.raises(MeterhouseError, match="no JSON object"):
            parse_fields([wrong])


def test_lines_are_exported_edited_and_come_again(held: Held, tmp_path: Path) -> None:
    path = tmp_path / "out" / "held.jsonl"
    chosen = Selection(files=("usage.jsonl",))
    assert export_held(held.warehouse, chosen, target=path, form="jsonl") == 8
    rows = [json.loads(item) for item in path.read_text().split("\n") if item]
    by_line = {row["line_number"]: row for row in rows}
    assert by_line[9]["raw_text"] == LINES[8]
    assert by_line[7]["raw_text"] == LINES[6]
    by_line[9]["raw_text"] = line("cut off", "gold", 3)
    by_line[2]["raw_text"] = line("good-2", "gold", 7)
    edited = tmp_path / "edited.jsonl"
    edited.write_text("".join(json.dumps(by_line[n]) + "\n" for n in (2, 7, 9)))
    report = replay(held.warehouse, Selection(), Repair(edits=read_edit_file(edited)), **ADA)
    assert report.counts == {"accepted": 2, "not_readable": 1}
    events = "select event_id from raw_usage.events where starts_with(delivery_id, 'replay:')"
    assert read_as_admin(held.warehouse, f"{events} order by 1") == [("cut off",), ("good-2",)]
    edited.write_text("not json\n")
    with pytest.raises(MeterhouseError, match="can't be used"):
        read_edit_file(edited)


def test_raw_rows_are_read_again_by_a_corrected_mapping(held: Held, tmp_path: Path) -> None:
    selection = Selection(files=("sheet.csv",))
    assert preview_replay(held.warehouse, selection).counts == {"not_readable": 1}

    corrected = tmp_path / "right.yaml"
    corrected.write_text(MAPPING.replace('decimal: "."', 'decimal: ","'))
    repair = Repair(mapping=load_mapping(corrected))
    with pytest.raises(MeterhouseError, match="header line"):
        preview_replay(held.warehouse, selection, repair)
    repair = Repair(mapping=load_mapping(corrected), header=SHEET[0])
    assert replay(held.warehouse, selection, repair, **ADA).counts == {"accepted": 1}
    event = "select quantity::text, properties::jsonb from raw_usage.events where event_id = 'r1'"
    expected = [("1.500000000", {"model": "gr\u00f6\u00dfe"})]
    assert read_as_admin(held.warehouse, event) == expected
    text = "select edited_text from ops.quarantine_resolutions"
    assert '"1.500000000"' in read_as_admin(held.warehouse, text)[0][0]


def test_a_discarded_delivery_stays_until_it_is_restored(held: Held) -> None:
    know_newcomer(held.warehouse)
    selection = Selection(keys=(held.key(3),))
    assert discard(held.warehouse, selection, who="Bo", why="a test") == 1
    assert held.states()["unknown_customer"] == {"open": 3, "discarded": 1}
    with pytest.raises(MeterhouseError, match="restore opens it again"):
        replay(held.warehouse, selection, **ADA)
    with pytest.raises(MeterhouseError, match="are not open"):
        discard(held.warehouse, selection, who="Bo", why="a test")
    assert replay(held.warehouse, Selection(customers=("nobody",)), **ADA).admitted_count == 0
    assert restore(held.warehouse, selection, who="Bo", why="no test") == 1
    assert replay(held.warehouse, selection, **ADA).admitted_count == 1
    assert [row[0] for row in read_as_admin(held.warehouse, RESOLUTIONS)] == [
        "discard",
        "restore",
        "replay",
    ]
    with pytest.raises(MeterhouseError, match="is replayed"):
        discard(held.warehouse, selection, who="Bo", why="a test")


@pytest.mark.parametrize(
    "change",
    [
        "update ops.quarantine_resolutions set why = 'other'",
        "delete from ops.quarantine_resolutions",
        "truncate ops.quarantine_resolutions",
    ],
    ids=["update", "delete", "truncate"],
)
def test_a_decision_is_never_changed(held: Held, change: str) -> None:
    discard(held.warehouse, Selection(keys=(held.key(9),)), who="Bo", why="a test")
    with pytest.raises(DBAPIError, match="append-only"):
        read_as_admin(held.warehouse, change)
    for role in (Role.LOADER, Role.TRANSFORMER, Role.FINANCE):
        with (
            held.warehouse.engine(role).connect() as connection,
            pytest.raises(DBAPIError, match="permission denied"),
        ):
            connection.exec_driver_sql(change)


def test_conflicts_show_both_payloads(held: Held) -> None:
    with reading(held.warehouse) as connection:
        conflict = read_conflict(connection, held.key(2))
        assert read_conflict(connection, held.key(9)) is None
    assert conflict is not None
    assert conflict.first_key == DeliveryKey(
        held.load_id, held.key(2).delivery_id.replace(":2", ":1")
    )
    assert conflict.differing == ("quantity", "properties")
    assert (conflict.first["quantity"], conflict.later["quantity"]) == (
        "1.000000000",
        "7.000000000",
    )
    shown = "select customer_id, event_id, state, differing_fields from reporting.rpt_conflicts"
    assert read_as_admin(held.warehouse, shown) == [
        ("gold", "good", "open", "quantity, properties")
    ]
