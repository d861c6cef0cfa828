"""The main job, on the sample company or on a real data set: from usage files to invoices."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

from sqlalchemy import text

from cli.display import console
from cli.summary import (
    print_fates,
    print_files,
    print_invoices,
    print_meter_totals,
    print_next_steps,
    print_reconciliations,
)
from ingestion.catalog import read_catalog
from ingestion.generator import write_sample_usage
from orchestration.jobs import JobRunner
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.progress import progress
from warehouse.settings import PROJECT_ROOT

SAMPLE = PROJECT_ROOT / "examples" / "llm_api"
FIRST_MONTH = date(2026, 8, 1)
# What arrived before each instant is loaded, then the month is closed; the rest stays a draft.
CLOSES = (("2026-08", date(2026, 9, 7)), ("2026-09", date(2026, 10, 7)))
STATE_QUERY = """
    select
        (select count(*) from ops.event_registry) as events,
        (select count(*) from ops.loads where state = 'landed') as loads,
        (select count(*) from ops.closes) as closes,
        (select coalesce(max(catalog_version), 0) from ops.catalog_versions
         where state = 'landed') as catalog_version
"""


def run_sample_demo(warehouse: Warehouse, runner: JobRunner, *, events: int, seed: int) -> None:
    """Runs the whole line on the sample company, as its months went by.

    Args:
        warehouse: The opened warehouse.
        runner: Runs the jobs.
        events: About how many usage events to generate.
        seed: Seed of the generator.

    Raises:
        MeterhouseError: The warehouse holds another sample or data set, or a job failed.
    """
    started = time.monotonic()
    _claim(warehouse, {"sample": SAMPLE.name, "events": events, "seed": seed})
    before = _state(warehouse)
    console.print("\n[bold]The sample company[/]: an LLM API provider, its last three months")
    runner.run("land_catalog", ops={"catalog": {"directory": str(SAMPLE / "catalog")}})
    files = _sample_files(warehouse, events=events, seed=seed)
    remaining = files
    for period, closed_on in CLOSES:
        arrived = [path for path in remaining if _arrival_day(path) < closed_on]
        remaining = [path for path in remaining if path not in arrived]
        console.print(f"\n[bold]{period}[/], closed on {closed_on:%Y-%m-%d}")
        _load_and_build(runner, arrived)
        closing = {"period": period, "closed_at": f"{closed_on}T00:00:00Z"}
        runner.run("close", ops={"close_month": closing})
    console.print("\n[bold]2026-10[/], still open: its invoices are drafts")
    _load_and_build(runner, remaining)
    exports = _export(warehouse, runner)
    _print_summary(warehouse, exports, unchanged=before == _state(warehouse))
    console.print(f"\nDone in {time.monotonic() - started:,.0f} s.")


def run_dataset_demo(warehouse: Warehouse, runner: JobRunner, data: Path) -> None:
    """Runs the line on a real data set that `examples/` has a catalog and mappings for.

    Args:
        warehouse: The opened warehouse.
        runner: Runs the jobs.
        data: Folder of the data set; its name says which example it is.

    Raises:
        MeterhouseError: The folder is not there, is no data set that `examples/` knows, or a job
            failed.
    """
    from ingestion.datasets import enrolled_catalog, read_dataset

    started = time.monotonic()
    data = data.resolve()
    dataset = read_dataset(PROJECT_ROOT / "examples" / data.name, data=data)
    _claim(warehouse, {"data": data.name})
    before = _state(warehouse)
    console.print(f"\n[bold]{dataset.title}[/]")
    with progress().task("Reading who the customers are", unit="customers") as task:
        catalog = enrolled_catalog(dataset, target=warehouse.state_dir / "demo" / data.name)
        task.advance(catalog.customer_count)
    runner.run("land_catalog", ops={"catalog": {"directory": str(catalog.directory)}})
    for source in dataset.sources:
        files = {
            "paths": [str(path) for path in source.paths],
            "mapping": str(source.mapping),
        }
        runner.run("load", ops={"usage_files": files})
    runner.run("build")
    for period, closed_at in dataset.closes:
        runner.run("close", ops={"close_month": {"period": period, "closed_at": closed_at}})
    exports = _export(warehouse, runner)
    print_meter_totals(warehouse)
    print_reconciliations(warehouse)
    _print_summary(warehouse, exports, unchanged=before == _state(warehouse))
    console.print(f"\nDone in {time.monotonic() - started:,.0f} s.")


def _load_and_build(runner: JobRunner, files: list[Path]) -> None:
    runner.run("load", ops={"usage_files": {"paths": [str(path) for path in files], "mapping": ""}})
    runner.run("build")


def _export(warehouse: Warehouse, runner: JobRunner) -> Path:
    directory = warehouse.state_dir / "exports"
    chosen = {"directory": str(directory), "include_drafts": True}
    runner.run("export", ops={"exports__invoices": chosen})
    return directory


def _print_summary(warehouse: Warehouse, exports: Path, *, unchanged: bool) -> None:
    print_fates(warehouse)
    print_invoices(warehouse)
    print_files(exports)
    if unchanged:
        console.print("\n[bold]Nothing has changed[/]: every file, load and close was known.")
    print_next_steps(
        ("./meterhouse up", "the dashboards and the Dagster UI, with the runs of this demo"),
        (
            "./meterhouse load --mapping FILE PATH...",
            "your own usage; examples/mappings/ has patterns",
        ),
        ("./meterhouse reset", "delete this warehouse"),
    )


def _sample_files(warehouse: Warehouse, *, events: int, seed: int) -> list[Path]:
    """Returns the sample's usage files in order of arrival, generating them once."""
    folder = warehouse.state_dir / "demo" / f"{SAMPLE.name}-{events}-{seed}"
    if not (folder / "planted.json").exists():
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        catalog = read_catalog(SAMPLE / "catalog")
        planted = write_sample_usage(
            partial,
            customers=[customer.customer_id for customer in catalog.customers],
            events=events,
            seed=seed,
            first_month=FIRST_MONTH,
            months=3,
        )
        (partial / "planted.json").write_text(json.dumps(asdict(planted), default=str, indent=2))
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    return sorted(folder.glob("*.jsonl.gz"))


def _arrival_day(path: Path) -> date:
    return date.fromisoformat(path.name.removeprefix("usage-").split(".")[0])


def _state(warehouse: Warehouse) -> tuple[int, ...]:
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        return tuple(connection.execute(text(STATE_QUERY)).one())


def _claim(warehouse: Warehouse, what: dict[str, object]) -> None:
    """Refuses to mix a demo with another demo, or with data that is not a demo's."""
    mark = warehouse.state_dir / "demo" / f"claim.{warehouse.warehouse_id}.json"
    claimed = json.loads(mark.read_text()) if mark.exists() else None
    if claimed is None and _state(warehouse)[1:] == (0, 0, 0):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(json.dumps(what))
        return
    if claimed != what:
        holds = f"the demo {claimed}" if claimed else "other data"
        raise MeterhouseError(
            f"This warehouse holds {holds} already; a demo wants one of its own.",
            remedy="./meterhouse reset deletes it; or set METERHOUSE_STATE_DIR to another folder",
        )
