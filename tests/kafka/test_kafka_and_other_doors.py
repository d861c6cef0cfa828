"""The same event by a file, by the collector and by Kafka is one event."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingestion.collector.landing import land_segments
from ingestion.kafka.consuming import consume_topics
from ingestion.loads import load_files
from tests.dbt_company import catalog
from tests.dbt_harness import install_catalog, read_as_admin
from tests.drafting import build
from tests.faults.bad_events import line
from tests.integration.collector_server import RunningCollector
from tests.integration.test_quarantine_replay import ADMISSION
from tests.kafka.conftest import Topic
from warehouse import Warehouse

FATES = "select event_id, coalesce(reason, fate) from ops.event_fates order by 1, 2"


def test_the_same_event_by_three_doors_is_one_event(
    deployed_warehouse: Warehouse, make_topic: Callable[..., Topic], tmp_path: Path
) -> None:
    install_catalog(deployed_warehouse, catalog())
    same, other = line("same"), line("other", quantity=2)
    (tmp_path / "usage.jsonl").write_bytes(same + b"\n" + line("other"))
    load_files(deployed_warehouse, [tmp_path / "usage.jsonl"])
    collector = RunningCollector(tmp_path).start()
    try:
        assert collector.post(same, key=collector.key()).status == 202
    finally:
        assert collector.stop() == 0
    assert land_segments(deployed_warehouse, collector.settings) is not None
    topic = make_topic()
    topic.send(same, other, same)
    assert consume_topics(deployed_warehouse, topic.settings, until_end=True).event_count == 3
    build(deployed_warehouse, ADMISSION)
    facts = "select event_id, source from marts.fct_usage_events inner join ops.loads"
    assert read_as_admin(deployed_warehouse, f"{facts} using (load_id) order by 1") == [
        ("other", "files"),
        ("same", "files"),
    ]
    assert read_as_admin(deployed_warehouse, FATES) == [
        ("other", "conflicting_duplicate"),
        *[("same", "duplicate")] * 3,
    ]
