"""Text that some tool would take for code is only text: in exports, pages, commands and logs."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from exports import export_invoices
from orchestration.closing import close_period
from tests.dbt_company import ENTITY, catalog
from tests.dbt_harness import install_catalog, read_as_admin
from tests.drafting import LOADS_ONLY, build, land
from tests.faults.bad_events import HOSTILE
from tests.integration.collector_server import RunningCollector
from tests.integration.test_dashboards import APP
from warehouse import Warehouse

TEXTS = (*HOSTILE, "[bold]x[/]", "x:red[y] $z$ `w`")
AUGUST = date(2026, 8, 1)
CLOSED_AT = datetime(2026, 9, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Hostile:
    """A company whose names are hostile, billed; and the names of its files."""

    warehouse: Warehouse
    folder: Path
    files: Sequence[str]


def line(event_id: str, customer_id: str, text: str, **changes: object) -> bytes:
    fields = {"event_id": event_id, "customer_id": customer_id, "event_type": "call"}
    fields |= {"occurred_at": "2026-08-20T12:00:00Z", "quantity": 1}
    return json.dumps(fields | {"properties": {"model": text, text: text}} | changes).encode()


def hostile_catalog() -> dict[str, object]:
    plain = catalog()
    customer = {"legal_entity_id": ENTITY, "country_code": "SE", "currency_code": "EUR"}
    plain["customers"] = [{**customer, "customer_id": t, "customer_name": t} for t in TEXTS]
    plain["subscriptions"] = [
        {"subscription_id": t, "customer_id": t, "plan_id": "all", "starts_on": "2026-08-01"}
        for t in TEXTS
    ]
    for meter, text in zip(plain["meters"], TEXTS, strict=False):
        meter |= {"meter_name": text, "unit": text}
    for price, text in zip(plain["plans"][0]["prices"], TEXTS, strict=False):
        price["label"] = text
    return plain


@pytest.fixture(scope="module")
def hostile(
    deployed: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    tmp_path_factory: pytest.TempPathFactory,
) -> Hostile:
    warehouse = clone(deployed)
    folder = tmp_path_factory.mktemp("hostile")
    install_catalog(warehouse, hostile_catalog())
    paths = []
    for number, text in enumerate(TEXTS):
        paths.append(folder / f"usage {text.replace('/', '_')}.jsonl")
        refused = line(f"typo{text}", text, text, quantity="1,5")
        stranger = line(f"lost{number}", f"not {text}", text)
        paths[-1].write_bytes(b"\n".join([line(text, text, text), refused, stranger]) + b"\n")
    land(warehouse, paths)
    build(warehouse, LOADS_ONLY)
    close_period(warehouse, legal_entity_id=ENTITY, period_start=AUGUST, closed_at=CLOSED_AT)
    return Hostile(warehouse, folder, [path.name for path in paths])


def test_exports_hold_the_text_and_no_formula(hostile: Hostile, tmp_path: Path) -> None:
    report = export_invoices(
        hostile.warehouse, period_start=AUGUST, legal_entity_id=ENTITY, directory=tmp_path / "out"
    )
    assert report.directory.parent == tmp_path / "out"
    assert len(list(tmp_path.rglob("*"))) == 11  # two folders, four CSV, four Parquet, the manifest
    safe = sorted(f"'{text}" if text.startswith("=") else text for text in TEXTS)
    with (report.directory / "invoices.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, strict=True))
    assert sorted(row["customer_name"] for row in rows) == safe
    assert sorted(row["customer_id"] for row in rows) == safe
    parquet = pq.read_table(report.directory / "invoices.parquet")
    assert sorted(parquet["customer_name"].to_pylist()) == safe


@pytest.mark.parametrize("page", ["overview", "usage", "invoices", "quarantine"])
def test_pages_show_the_text_as_text(
    hostile: Hostile, read_from: Callable[[Warehouse], None], page: str
) -> None:
    read_from(hostile.warehouse)
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    if page != "overview":
        app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception
    assert not [item.value for item in app.markdown if item.allow_html and "alert" in item.value]
    cells = {str(cell) for frame in app.dataframe for cell in frame.value.to_numpy().ravel()}
    shown = {"invoices": TEXTS, "quarantine": [f"not {text}" for text in TEXTS]}
    assert set(shown.get(page, ())) <= cells


def test_commands_say_the_text_as_it_is(
    hostile: Hostile, environment_of: Callable[[Warehouse], dict[str, str]], tmp_path: Path
) -> None:
    environment = environment_of(hostile.warehouse) | {"COLUMNS": "400", "NO_COLOR": "1"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    labels = {
        "customer": {*TEXTS, *(f"not {text}" for text in TEXTS)},
        "unit": set(hostile.files),
    }
    for by, wanted in labels.items():
        found = json.loads(run("reconcile", "--by", by, "--json"))
        assert found["differences"] == 0
        assert wanted <= {row["label"] for row in found[f"by_{by}"]}
    listed = run("quarantine", "list", "--limit", "100")
    for text in TEXTS:
        assert f"not {text}" in listed
    for text in ("%s%(x)s%n", "[bold]x[/]", "'; drop table ops.event_fates; --"):
        assert text in run("trace", text, "--customer", text)
    held = tmp_path / "held.csv"
    run("quarantine", "export", "--out", str(held), "--format", "csv")
    with held.open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream, strict=True) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert {path.name for path in tmp_path.iterdir()} == {"held.csv"}


def test_what_a_collector_logs_and_counts_is_not_the_sender_s(tmp_path: Path) -> None:
    collector = RunningCollector(tmp_path).start()
    try:
        key = collector.key()
        odd = b"\n".join(line(text, text, text) for text in TEXTS)
        assert collector.post(odd, key=key).outcomes == ["accepted"] * len(TEXTS)
        headers = {"Idempotency-Key": "%s \u0007'; drop"}
        assert collector.post(odd, key=key, idempotency_key=headers["Idempotency-Key"]).status < 500
        assert collector.get("/%s%n{{7*7}}/../../etc/passwd").status == 404
        metrics = collector.get("/metrics").body.decode()
    finally:
        assert collector.stop() == 0
    logged = collector.errors.read_text()
    for text in TEXTS:
        assert text not in metrics
        assert text not in logged
    assert "Traceback" not in logged
    assert "passwd" not in {path.name for path in tmp_path.rglob("*")}


def test_nothing_was_run(hostile: Hostile) -> None:
    tables = "select to_regclass('ops.event_fates') is not null, count(*) from ops.event_fates"
    assert read_as_admin(hostile.warehouse, tables) == [(True, 2 * len(TEXTS))]
    models = read_as_admin(
        hostile.warehouse,
        "select dimension_key::jsonb ->> 'model' from marts.agg_usage_hourly"
        " where meter_id = 'calls'",
    )
    assert sorted(model for (model,) in models) == sorted(TEXTS)
