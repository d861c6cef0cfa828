"""Measures ingestion: a file to hourly aggregates, exactly once, by the product's own commands."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from benchmarks.baselines import measure_copy, measure_dlt_default, measure_duckdb
from benchmarks.history import add_history
from benchmarks.profiling import profile_reading
from benchmarks.throw_away import throw_away
from benchmarks.usage_files import make_lines, make_parquet, make_rows
from benchmarks.watching import MemoryWatch, StageClock, seconds_of
from ingestion.loads import load_files
from orchestration.dbt_project import read_run_results
from orchestration.jobs import JobRunner
from warehouse import Warehouse
from warehouse.progress import progress, showing

SEED = 2026
DLT_EVENTS = 50_000
"""dlt's default path is measured on so many events at most, and scaled by its rate."""
NODES = {
    "admit": ("int_events_admitted_0", "int_events_admitted_1", "int_loads_admitted"),
    "facts": ("fct_usage_events",),
    "aggregate": ("agg_usage_hourly",),
    "daily and monthly": ("agg_usage_daily", "agg_usage_monthly"),
    "rate": (
        "int_segments_measured",
        "int_charge_tiers_rated",
        "int_charges_rated",
        "int_spend_limited",
        "int_lines_agreed",
        "int_discounts_scheduled",
        "int_discounts_allocated",
    ),
}
SIZES = {
    "raw": "raw_usage.events",
    "registry": "ops.event_registry",
    "fates": "ops.event_fates",
    "facts": "marts.fct_usage_events",
    "hourly": "marts.agg_usage_hourly",
    "daily": "marts.agg_usage_daily",
    "monthly": "marts.agg_usage_monthly",
}
COUNTS = """
select
    (select received_count from ops.loads where load_id = :load_id) as received,
    (select count(*) from marts.fct_usage_events where load_id = :load_id) as facts,
    (
        select sum(event_count)::bigint from marts.agg_usage_hourly where load_id = :load_id
    ) as hourly,
    (select count(*) from ops.event_fates where load_id = :load_id) as refused
"""


@dataclass(frozen=True)
class LoadFigures:
    """What loading one file cost.

    Attributes:
        events: Deliveries in the file.
        seconds: From the file to the hourly aggregates.
        stages: Stage to seconds; those of a build may overlap, since two run side by side.
        peak_memory_mib: Most memory of the loader and its processes together, in mebibytes.
        nodes: Node of the build to seconds.
    """

    events: int
    seconds: float
    stages: dict[str, float]
    peak_memory_mib: int
    nodes: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Returns the figures for a JSON file."""
        return {
            "events": self.events,
            "seconds": round(self.seconds, 3),
            "events_per_minute": round(self.events * 60 / self.seconds),
            "peak_memory_mib": self.peak_memory_mib,
            "stages": {
                name: {
                    "seconds": round(seconds, 3),
                    "events_per_second": round(self.events / max(seconds, 0.001)),
                }
                for name, seconds in self.stages.items()
            },
        }


def measure_ingest(
    folder: Path, *, events: int, history: int, profile: bool = False
) -> dict[str, Any]:
    """Measures loading into throw-away warehouses, and the baselines beside it.

    Args:
        folder: Where the files are kept and the warehouses are made; these go afterwards.
        events: Events of the files that are measured.
        history: Events that are in the warehouse before; with a history, a file of fresh events
            and one of events of all past months are measured, else a JSONL and a Parquet file.
        profile: Whether to add every node of the build, and where reading spends its time.

    Returns:
        The figures, for a JSON file: `end_to_end`, `stages` and more.

    Raises:
        MeterhouseError: The embedded Postgres can't be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fresh = {"first_month": date(2026, 10, 1), "months": 1} if history else {}
    lines = make_lines(folder, events=events, seed=SEED, **fresh)
    with throw_away(folder / "warehouse") as (warehouse, runner):
        if history:
            add_history(warehouse, events=history, build=lambda: runner.run("build"))
        first = measure_load(warehouse, runner, lines)
        figures = _describe(warehouse, lines, first, history=history)
        if history:
            past = {"first_month": date(2025, 8, 1), "months": 15}
            scattered = make_lines(folder, events=events, seed=SEED + 1, **past)
            figures["scattered"] = measure_load(warehouse, runner, scattered).as_json()
    if not history:
        with throw_away(folder / "warehouse") as (warehouse, runner):
            figures["parquet"] = measure_load(warehouse, runner, make_parquet(lines)).as_json()
    if profile:
        figures["profile"] = {"nodes": first.nodes, "reading": profile_reading(lines)}
    return figures


def measure_load(warehouse: Warehouse, runner: JobRunner, file: Path) -> LoadFigures:
    """Measures one file on its way to hourly aggregates, and checks that it arrived exactly once.

    Args:
        warehouse: The warehouse.
        runner: Runs the build job.
        file: The file.

    Returns:
        The figures.

    Raises:
        AssertionError: Counts don't balance.
    """
    stages = StageClock(progress())
    memory = MemoryWatch()
    with showing(stages), seconds_of() as landing, memory.watching():
        report = load_files(warehouse, [file])
    built_from = datetime.now(UTC)
    with seconds_of() as building:
        runner.run("build")
    results = read_run_results(warehouse.state_dir / "dbt" / "build")
    spans = {
        name: span for result in results["results"] for name, span in _node_span(result, built_from)
    }
    by_stage = {
        stage: max(spans[node][1] for node in nodes) - min(spans[node][0] for node in nodes)
        for stage, nodes in NODES.items()
    }
    hourly_after = spans["agg_usage_hourly"][1]
    _check_counts(warehouse, report.load_id)
    return LoadFigures(
        events=report.received_count,
        seconds=landing.seconds + hourly_after,
        stages={
            "hash the file": stages.seconds.get("Reading file hashes", 0.0),
            "parse and validate": stages.seconds["Reading events"],
            "land": stages.seconds["Landing events"],
            "start the build": min(span[0] for span in spans.values()),
            **by_stage,
            "whole build": building.seconds,
        },
        peak_memory_mib=memory.peak_mib,
        nodes={name: round(end - start, 3) for name, (start, end) in spans.items()},
    )


def _describe(
    warehouse: Warehouse, lines: Path, load: LoadFigures, *, history: int
) -> dict[str, Any]:
    """Measures the baselines, and puts the figures together."""
    bytes_per_event = _sizes(warehouse, load.events + history)
    with progress().task("Baseline: a bare COPY", unit="events") as task:
        copy = measure_copy(warehouse, make_rows(lines))
        task.advance(load.events)
    few = min(load.events, DLT_EVENTS)
    with progress().task("Baseline: dlt as it comes", unit="events") as task:
        dlt_default = measure_dlt_default(warehouse, lines, events=few)
        task.advance(few)
    with progress().task("Baseline: DuckDB", unit="events") as task:
        duck = measure_duckdb(lines, threads=os.cpu_count() or 1)
        task.advance(load.events)
    figures = load.as_json()
    stages = figures.pop("stages")
    return {
        "end_to_end": {
            **figures,
            "ratio_to_copy": round(load.seconds / copy, 2),
            "ratio_to_dlt_default": round(dlt_default / few * load.events / load.seconds, 2),
            "ratio_to_duckdb": round(load.seconds / duck, 2),
        },
        "stages": {
            name: {
                **stage,
                "ratio_to_copy": round(stage["seconds"] / copy, 3),
                "ratio_to_dlt_default": round(
                    dlt_default / few * load.events / max(stage["seconds"], 0.001), 1
                ),
                "ratio_to_duckdb": round(stage["seconds"] / duck, 3),
            }
            for name, stage in stages.items()
        },
        "baselines": {
            "copy_seconds": round(copy, 3),
            "dlt_default_seconds": round(dlt_default, 3),
            "dlt_default_events": few,
            "duckdb_seconds": round(duck, 3),
        },
        "bytes_per_event": bytes_per_event,
        "history": history,
        "machine": {"cores": os.cpu_count(), "system": platform.platform()},
    }


def _node_span(
    result: Mapping[str, Any], origin: datetime
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yields a node's name with the seconds after `origin` at which it began and ended."""
    instants = [
        datetime.fromisoformat(timing[side]).astimezone(UTC)
        for timing in result["timing"]
        for side in ("started_at", "completed_at")
        if timing.get(side)
    ]
    if instants:
        name = str(result["unique_id"]).split(".")[2]
        spans = [(instant - origin).total_seconds() for instant in instants]
        yield name, (min(spans), max(spans))


def _check_counts(warehouse: Warehouse, load_id: int | None) -> None:
    engine = create_engine(warehouse.admin_url)
    with engine.connect() as connection:
        counts = connection.execute(text(COUNTS), {"load_id": load_id}).one()
    engine.dispose()
    if counts.received != counts.facts + counts.refused or counts.facts != counts.hourly:
        raise AssertionError(f"the counts of load {load_id} don't balance: {counts}")


def _sizes(warehouse: Warehouse, events: int) -> dict[str, int]:
    """Measures the bytes per event of each table with its indexes and partitions."""
    query = text(
        "select (pg_total_relation_size(cast(:relation as regclass)) + coalesce(("
        "select sum(pg_total_relation_size(inhrelid)) from pg_inherits"
        " where inhparent = cast(:relation as regclass)), 0)) / :events"
    )
    engine = create_engine(warehouse.admin_url)
    with engine.connect() as connection:
        found = {
            name: int(
                connection.execute(query, {"relation": relation, "events": events}).scalar_one()
            )
            for name, relation in SIZES.items()
        }
    engine.dispose()
    return {**found, "all": sum(found.values())}
