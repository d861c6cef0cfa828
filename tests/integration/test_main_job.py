"""The main job as the command runs it: every Dagster job in this process, twice."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import text

from audit import reconcile
from audit.line import HOPS
from cli.demo import run_sample_demo
from orchestration.instance import configure_instance
from orchestration.jobs import JobRunner
from tests.conftest import PROJECT_ROOT
from tests.dumps import EVERYTHING, dump
from warehouse import MeterhouseError, Role, Warehouse

EVENTS = 3000
SEED = 7


@pytest.fixture(scope="module")
def sample(
    deployed: Warehouse, clone: Callable[[Warehouse], Warehouse], environment_of: Callable
) -> Iterator[tuple[Warehouse, JobRunner]]:
    """A warehouse on which the demo has run once."""
    warehouse = clone(deployed)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            **environment_of(warehouse),
            **configure_instance(warehouse),
        }.items():
            patch.setenv(name, value)
        runner = JobRunner()
        run_sample_demo(warehouse, runner, events=EVENTS, seed=SEED)
        yield warehouse, runner


def planted_counts(warehouse: Warehouse) -> dict[str, object]:
    path = next((warehouse.state_dir / "demo").glob("*/planted.json"))
    return json.loads(path.read_text())


def scalar(warehouse: Warehouse, query: str) -> object:
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        return connection.execute(text(query)).scalar_one()


def test_every_planted_event_has_its_fate(sample: tuple[Warehouse, JobRunner]) -> None:
    warehouse, _ = sample
    planted = planted_counts(warehouse)
    fates = "select count(*) from ops.event_fates where fate = '{}'"
    assert scalar(warehouse, "select count(*) from marts.fct_usage_events") == EVENTS
    assert scalar(warehouse, fates.format("duplicate")) == planted["duplicate_count"]
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        query = "select reason, count(*) from ops.event_fates where fate = 'quarantined' group by 1"
        quarantined = dict(connection.execute(text(query)).tuples().all())
    assert quarantined == planted["quarantined_by_reason"]


def test_two_months_are_closed_and_the_third_is_a_draft(
    sample: tuple[Warehouse, JobRunner],
) -> None:
    warehouse, _ = sample
    query = """
        select distinct period_start::text, status from reporting.rpt_invoice_register order by 1
    """
    with warehouse.engine(Role.REPORTER).connect() as connection:
        months = connection.execute(text(query)).tuples().all()
    assert months == [("2026-08-01", "closed"), ("2026-09-01", "closed"), ("2026-10-01", "draft")]


def test_exported_lines_sum_to_the_invoices(sample: tuple[Warehouse, JobRunner]) -> None:
    warehouse, _ = sample
    lines_file = next((warehouse.state_dir / "exports").rglob("invoice_lines.csv"))
    with lines_file.open(encoding="utf-8", newline="") as stream:
        exported = sum(int(row["amount_minor"]) for row in csv.DictReader(stream))
    totals = "select sum(total_minor) from reporting.rpt_invoice_register"
    assert Decimal(exported) == scalar(warehouse, totals)


def test_runs_and_checks_are_in_the_instance(sample: tuple[Warehouse, JobRunner]) -> None:
    with dg.DagsterInstance.get() as instance:
        runs = instance.get_runs()
        assert {run.job_name for run in runs} == {
            "land_catalog",
            "load",
            "build",
            "close",
            "export",
        }
        assert all(run.is_success for run in runs)
        facts = instance.get_latest_materialization_event(
            dg.AssetKey(["marts", "fct_usage_events"])
        )
        assert facts is not None
        checks = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(dg.AssetKey(["raw_usage", "events"]), "landing_meets_expectations"),
            limit=5,
        )
        assert len(checks) == 3


def test_running_it_again_changes_nothing_and_says_so(
    sample: tuple[Warehouse, JobRunner], capfd: pytest.CaptureFixture[str]
) -> None:
    from cli import display

    warehouse, runner = sample
    before = dump(warehouse, EVERYTHING)
    with display.console.capture() as captured:
        run_sample_demo(warehouse, runner, events=EVENTS, seed=SEED)
    assert dump(warehouse, EVERYTHING) == before
    assert "Nothing has changed" in captured.get()


def test_another_demo_on_the_same_warehouse_is_refused(
    sample: tuple[Warehouse, JobRunner],
) -> None:
    warehouse, runner = sample
    with pytest.raises(MeterhouseError, match="one of its own"):
        run_sample_demo(warehouse, runner, events=EVENTS + 1, seed=SEED)


def test_a_failing_job_says_why_without_a_stack_trace(
    sample: tuple[Warehouse, JobRunner],
) -> None:
    _, runner = sample
    with pytest.raises(MeterhouseError) as refused:
        runner.run("close", ops={"close_month": {"period": "2026-10", "closed_at": "2026-10-31Z"}})
    assert "Traceback" not in str(refused.value)
    closing = {"period": "2026-10", "closed_at": "2026-11-01T00:00:00Z"}
    with pytest.raises(MeterhouseError, match="grace period"):
        runner.run("close", ops={"close_month": closing})
    with pytest.raises(MeterhouseError, match="is not a month"):
        runner.run("close", ops={"close_month": {"period": "October"}})


def test_a_load_that_is_not_as_expected_says_what(
    sample: tuple[Warehouse, JobRunner], tmp_path: Path
) -> None:
    _, runner = sample
    path = tmp_path / "mostly noise.jsonl"
    path.write_text("not an event\n" * 9)
    with pytest.raises(MeterhouseError, match="not as expected") as refused:
        runner.run("load", ops={"usage_files": {"paths": [str(path)], "mapping": ""}})
    assert "rejected_share_is_small" in str(refused.value)


def test_the_code_location_validates(
    warehouse: Warehouse, environment_of: Callable[[Warehouse], dict[str, str]], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "dagster", "definitions", "validate"]
    finished = subprocess.run(
        [*command, "-m", "orchestration.definitions", "-d", str(PROJECT_ROOT)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**environment_of(warehouse), **configure_instance(warehouse)},
    )
    assert finished.returncode == 0, finished.stdout[-3000:]


def test_all_of_it_reconciles(sample: tuple[Warehouse, JobRunner]) -> None:
    warehouse, runner = sample
    run_id = runner.run("reconcile")
    with dg.DagsterInstance.get() as instance:
        events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    checks = [event.dagster_event.asset_check_evaluation_data for event in events]
    assert len(checks) == len(HOPS)
    assert all(check.passed for check in checks)
    assert reconcile(warehouse).differences == []
