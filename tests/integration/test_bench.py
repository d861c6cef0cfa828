"""The benchmark of ingestion runs whole on a small file, with the promised figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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


def test_figures_of_a_small_load_with_a_history(tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    arguments = ["bench", "ingest", "--events", "1000", "--history", "2000", "--profile"]
    finished = subprocess.run(
        [sys.executable, "-m", "cli", *arguments, "--json", str(target)],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT_ROOT),
            "METERHOUSE_STATE_DIR": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-2000:]
    figures = json.loads(target.read_text())
    assert set(figures["end_to_end"]) == END_TO_END
    assert set(figures["stages"]) >= STAGES
    assert figures["history"] == 2000
    assert figures["end_to_end"]["events"] > 1000
    assert figures["scattered"]["events"] > 1000
    assert figures["bytes_per_event"]["all"] > 0
    assert figures["profile"]["nodes"]["agg_usage_hourly"] >= 0
    assert "File to hourly aggregates, exactly once" in finished.stdout
    assert not (tmp_path / "state" / "bench" / "warehouse").exists()
