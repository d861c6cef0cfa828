"""The generated sample: the same again for the same seed, and planted faults as counted."""

from __future__ import annotations

import gzip
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion.generator import SampleReport, write_sample_usage
from ingestion.reading import read_file
from ingestion.validator import Origin
from warehouse.errors import MeterhouseError

CUSTOMERS = [f"cus_{number:04d}" for number in range(1, 301)]
TYPES = {
    "completion.input_tokens",
    "completion.output_tokens",
    "embedding.tokens",
    "image.generated",
    "batch.request",
    "audio.seconds",
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleReport:
    folder = tmp_path_factory.mktemp("sample")
    return write_sample_usage(folder, customers=CUSTOMERS, events=20_000)


@pytest.fixture(scope="module")
def landed(sample: SampleReport) -> tuple[list[dict], pa.Table]:
    events, rejected = [], []
    for number, path in enumerate(sample.files, start=1):
        origin = Origin(load_id=1, file_number=number, delivery_prefix=f"{number:016d}")
        for verdicts, _ in read_file(path, origin=origin, mapping=None, batch_bytes=1 << 20):
            events.append(verdicts.events)
            rejected.append(verdicts.rejected)
    return pa.concat_tables(events).to_pylist(), pa.concat_tables(rejected)


def test_every_planted_fate_is_there(
    sample: SampleReport, landed: tuple[list[dict], pa.Table]
) -> None:
    events, rejected = landed
    fates: Counter[str] = Counter(rejected["reason"].to_pylist())
    quantities: Counter[str] = Counter()
    seen: dict[tuple[str, str], dict] = {}
    for row in events:
        if row["event_type"] not in TYPES:
            fates["unknown_event_type"] += 1
        elif row["customer_id"] not in CUSTOMERS:
            fates["unknown_customer"] += 1
        else:
            key = (row["customer_id"], row["event_id"])
            first = seen.setdefault(key, row)
            if first is row:
                quantities[row["event_type"]] += row["quantity"]
            elif first["quantity"] == row["quantity"]:
                fates["duplicate"] += 1
            else:
                fates["conflicting_duplicate"] += 1
    assert len(seen) == sample.accepted_count == 20_000
    assert fates.pop("duplicate") == sample.duplicate_count == 200
    assert fates == sample.quarantined_by_reason
    assert quantities == sample.quantity_by_type
    assert len(events) + rejected.num_rows == sample.received_count
    planted = sample.accepted_count + sample.duplicate_count + sample.quarantined_count
    assert planted == sample.received_count


def test_late_events_arrive_on_a_later_day(
    sample: SampleReport, landed: tuple[list[dict], pa.Table]
) -> None:
    day_of = {number: path.name[6:16] for number, path in enumerate(sample.files, start=1)}
    delays = [
        (day_of[row["file_number"]], row["occurred_at"].date().isoformat()) for row in landed[0]
    ]
    assert all(arrived >= occurred for arrived, occurred in delays)
    assert sum(arrived > occurred for arrived, occurred in delays) >= sample.late_count
    assert 100 < sample.late_count < 300


def test_traffic_is_skewed(landed: tuple[list[dict], pa.Table]) -> None:
    shares = Counter(row["customer_id"] for row in landed[0])
    top = sum(count for _, count in shares.most_common(10))
    assert top > len(landed[0]) * 0.4
    hours = Counter(row["occurred_at"].hour for row in landed[0])
    assert max(hours.values()) > 2 * min(hours.values())
    assert Decimal(0) < min(row["quantity"] for row in landed[0])


def test_the_same_seed_gives_the_same_lines(sample: SampleReport, tmp_path: Path) -> None:
    again = write_sample_usage(tmp_path, customers=CUSTOMERS, events=20_000)
    assert [path.name for path in again.files] == [path.name for path in sample.files]
    for first, second in zip(sample.files, again.files, strict=True):
        assert first.read_bytes() == second.read_bytes()
    other = write_sample_usage(tmp_path / "other", customers=CUSTOMERS, events=20_000, seed=2)
    assert _unpack(other.files[5]) != _unpack(sample.files[5])


def _unpack(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def test_a_sample_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeterhouseError, match="at least 100 events"):
        write_sample_usage(tmp_path, customers=[], events=1000)
