"""The Dagster instance: its own database beside the warehouse, no telemetry."""

from __future__ import annotations

from pathlib import Path

import yaml

from warehouse import Warehouse

STORAGE_VARIABLE = "METERHOUSE_DAGSTER_URL"


def configure_instance(warehouse: Warehouse) -> dict[str, str]:
    """Writes the instance's configuration below the state folder.

    Args:
        warehouse: The opened warehouse, whose server also keeps the run history.

    Returns:
        The variables that a Dagster process needs to find the instance.
    """
    home = warehouse.state_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    configuration = {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "freshness": {"enabled": True},
        "storage": {"postgres": {"postgres_url": {"env": STORAGE_VARIABLE}}},
        "concurrency": {"pools": {"granularity": "op", "default_limit": 1}},
        "run_monitoring": {
            "enabled": True,
            "start_timeout_seconds": 300,
            "max_runtime_seconds": 21600,
            "free_slots_after_run_end_seconds": 60,
        },
        "retention": {"schedule": {"purge_after_days": 90}, "sensor": {"purge_after_days": 90}},
    }
    path = home / "dagster.yaml"
    text = yaml.safe_dump(configuration, sort_keys=False)
    if not path.exists() or path.read_text() != text:
        partial = path.with_suffix(".partial")
        partial.write_text(text)
        Path(partial).replace(path)
    url = warehouse.orchestration_url()
    return {
        "DAGSTER_HOME": str(home),
        STORAGE_VARIABLE: url.render_as_string(hide_password=False),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
