"""The commands of the quarantine, as they are typed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from cli.app import app
from ingestion.rejections import restore_raw_text
from tests.dbt_harness import read_as_admin
from warehouse import Role, Warehouse

DECIDED = ["--who", "Ada", "--why", "mended"]
STATES = "select reason, state, who, why from reporting.rpt_quarantine order by reason"


def test_from_list_to_discard(
    billed_company: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    environment_of: Callable[[Warehouse], dict[str, str]],
    tmp_path: Path,
) -> None:
    warehouse = clone(billed_company)
    environment = environment_of(warehouse)

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["quarantine", *arguments], env=environment)
        assert done.exit_code == code, (arguments, done.output, done.exception)
        return str(done.exception or "")

    ids = {
        reason: f"{load}/{delivery}"
        for reason, load, delivery in read_as_admin(
            warehouse, "select reason, load_id, delivery_id from reporting.rpt_quarantine"
        )
    }
    for arguments in ([], ["--limit", "1", "--page", "2"], ["--file", "first.jsonl"]):
        run("list", *arguments, "--state", "open")
    for key in ids.values():
        run("show", key)
    assert "not in quarantine" in run("show", "1/none", code=1)
    assert "names no delivery" in run("show", "none", code=1)
    assert "what to discard" in run("discard", *DECIDED, code=1)
    assert "none is named" in run("replay", "--set", "quantity=5", *DECIDED, code=1)

    lost = ids["unknown_customer"]
    repair = ["--id", lost, "--set", "customer_id=c01", "--set", "event_id==2+3"]
    run("replay", *repair, "--dry-run")
    assert read_as_admin(warehouse, "select count(*) from ops.quarantine_resolutions") == [(0,)]
    run("replay", *repair, *DECIDED)
    run("discard", "--reason", "malformed_json", "--who", "Bo", "--why", "noise")
    assert read_as_admin(warehouse, STATES) == [
        ("conflicting_duplicate", "open", None, None),
        ("malformed_json", "discarded", "Bo", "noise"),
        ("unknown_customer", "replayed", "Ada", "mended"),
    ]
    run("restore", "--id", ids["malformed_json"], *DECIDED)

    out = tmp_path / "held.csv"
    run("export", "--out", str(out), "--format", "csv")
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    texts = {row["reason"]: restore_raw_text(row["raw_text"]) for row in rows}
    assert texts["malformed_json"] == b'{"event_id": "cut off'
    with (
        warehouse.engine(Role.LOADER).connect() as connection,
        pytest.raises(DBAPIError, match="replayed_once"),
    ):
        connection.exec_driver_sql(
            "insert into ops.quarantine_resolutions (load_id, delivery_id, action, who, why,"
            " replay_load_id, replay_delivery_id) select load_id, delivery_id, action, who, why,"
            " replay_load_id, 'again' from ops.quarantine_resolutions where action = 'replay'"
        )
