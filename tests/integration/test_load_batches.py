"""Memory stays flat however large a load is: extracted rows are cut into bounded files."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from ingestion.landing import Landing, landing_folder
from ingestion.validator import Origin, validate_lines
from warehouse import Role, Warehouse

EVENT = (
    b'{"event_id":"e","customer_id":"c","event_type":"t",'
    b'"occurred_at":"2026-09-01T00:00:00Z","quantity":1}'
)


def test_a_large_extract_is_cut_into_files(warehouse: Warehouse) -> None:
    lines = [EVENT] * 30_000
    table = validate_lines(lines, first_line=1, origin=Origin(1, 1, "f" * 64)).events
    landing = Landing(
        state_dir=warehouse.state_dir, load_id=1, url=warehouse.url(Role.LOADER), workers=1
    )
    landing.extract(("events", table) for _ in range(20))
    files = sorted(landing_folder(warehouse.state_dir, load_id=1).rglob("events*.parquet"))
    footers = [pq.ParquetFile(file).metadata for file in files]
    assert sum(footer.num_rows for footer in footers) == 600_000
    assert max(footer.num_rows for footer in footers) < 350_000
    assert pa.total_allocated_bytes() < 64 << 20
    landing.remove()
