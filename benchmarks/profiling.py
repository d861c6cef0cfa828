"""Where reading spends its time."""

from __future__ import annotations

import cProfile
import pstats
import tempfile
from pathlib import Path
from typing import Any

from ingestion.block_worker import write_block
from ingestion.readers.lines import read_text_blocks
from ingestion.settings import IngestionSettings
from ingestion.validator import Origin


def profile_reading(lines: Path) -> list[dict[str, Any]]:
    """Finds where parsing and validating a block of lines spends its time.

    Args:
        lines: A file of native lines; its first block is read.

    Returns:
        The functions with the most time of their own: name, calls and milliseconds.
    """
    settings = IngestionSettings()
    block = next(read_text_blocks(lines, block_bytes=settings.batch_bytes))
    origin = Origin(load_id=1, file_number=1, delivery_prefix="profile")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "events.parquet"
        write_block(block, origin, target, settings.batch_bytes)
        profiler = cProfile.Profile()
        profiler.runcall(write_block, block, origin, target, settings.batch_bytes)
    entries = pstats.Stats(profiler).get_stats_profile().func_profiles
    hottest = sorted(entries.items(), key=lambda entry: -entry[1].tottime)[:12]
    return [
        {"function": name, "calls": entry.ncalls, "milliseconds": round(entry.tottime * 1000)}
        for name, entry in hottest
    ]
