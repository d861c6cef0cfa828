"""The benchmarks run whole on little, with the promised figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from warehouse.settings import PROJECT_ROOT

STAGES = {"hash the file", "parse and validate", "land", "admit", "facts", "aggregate", "rate"}
END_TO_END = {
    "events",
    "seconds",
    "events_per_minute",
    "ratio_to_copy",
    "ratio_to_dlt_default",
    "ratio_to_duckdb",
    "peak_memory_mib",
}


def measured(folder: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    """Run a benchmark; return its figures and what it printed."""
    target = folder / "figures.json"
    finished = subprocess.run(
        [sys.executable, "-m", "cli", "bench", *arguments, "--json", str(target)],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT_ROOT),
            "METERHOUSE_STATE_DIR": str(folder / "state"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-2000:]
    return json.loads(target.read_text()), finished.stdout


def test_figures_of_a_small_load_with_a_history(tmp_path: Path) -> None:
    arguments = ["ingest", "--events", "1000", "--history", "2000", "--profile"]
    figures, printed = measured(tmp_path, *arguments)
    assert set(figures["end_to_end"]) == END_TO_END
    assert set(figures["stages"]) >= STAGES
    assert figures["history"] == 2000
    assert figures["end_to_end"]["events"] > 1000
    assert figures["scattered"]["events"] > 1000
    assert figures["bytes_per_event"]["all"] > 0
    assert figures["profile"]["nodes"]["agg_usage_hourly"] >= 0
    assert "File to hourly aggregates, exactly once" in printed
    assert not (tmp_path / "state" / "bench" / "warehouse").exists()


def test_figures_of_closing_a_small_company(tmp_path: Path) -> None:
    figures, printed = measured(tmp_path, "close", "--customers", "20", "--profile")
    assert {"rate_and_draft_s", "close_s", "customers", "lines"} <= set(figures)
    assert (figures["customers"], figures["lines"]) == (20, 100)
    assert figures["smaller"]["lines"] == 10
    assert figures["late_batch"]["events"] == 10_000
    assert figures["late_batch"]["draft_lines"] > 0
    assert figures["profile"]["nodes"]["int_charges_rated"] >= 0
    assert "late events to corrected drafts" in printed
