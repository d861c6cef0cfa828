"""A meter that can't be measured is refused where it is written, with what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestion.catalog import CatalogError, read_catalog

METERS = """\
meters:
  - {meter_id: last, meter_name: Last, event_type: call, aggregation: latest, unit: calls}
  - meter_id: calls
    meter_name: Calls
    event_type: call
    unit: calls
"""
RECONCILED = "\n    reconciles_with: last\n    reconciliation_hours: 1"


@pytest.mark.parametrize(
    ("aggregation", "line", "message", "remedy"),
    [
        ("average", 7, "'average' is unknown", "unique_count"),
        ("unique_count", 3, "without counted_property", "counted_property: user_id"),
        ("percentile", 3, "percentile without percentile", "1 to 99"),
        ("percentile\n    percentile: 100", 8, "less than or equal to 99", ""),
        ("percentile\n    percentile: 0", 8, "greater than or equal to 1", ""),
        ("percentile\n    percentile: 99.9", 8, "", ""),
        ("sum\n    percentile: 95", 3, "sum has no percentile", "leave percentile out"),
        ("latest\n    counted_property: user", 3, "no counted_property", "unique_count"),
        (f"latest{RECONCILED}", 3, "can't be compared in buckets", "count, sum and max"),
        (f"sum{RECONCILED}", 8, "can't be compared in buckets", "name a meter that counts"),
    ],
)
def test_a_wrong_parameter_is_refused(
    tmp_path: Path, aggregation: str, line: int, message: str, remedy: str
) -> None:
    (tmp_path / "meters.yaml").write_text(f"{METERS}    aggregation: {aggregation}\n")
    with pytest.raises(CatalogError) as caught:
        read_catalog(tmp_path, currencies={"USD": 2})
    found = [item for item in caught.value.problems if message in item.message]
    assert line in [item.line for item in found]
    assert all(item.file and item.remedy and remedy in item.remedy for item in found)
