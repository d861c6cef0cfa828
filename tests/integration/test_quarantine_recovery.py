"""A replay or a discard that is killed anywhere, run again, is done exactly once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingestion.loads import load_files
from ingestion.quarantine.deliveries import Selection
from ingestion.quarantine.replaying import replay
from tests.billed_company import write_lines
from tests.dbt_company import catalog
from tests.dbt_harness import install_catalog, read_as_admin
from tests.drafting import build
from tests.faults.commands import KILLED, Commands
from tests.integration.test_quarantine_replay import ADMISSION, LINES, know_newcomer
from warehouse import Warehouse

# in the order in which a replay reaches them; up to the commit a kill leaves nothing that counts
# (test_load_recovery.py sweeps the points before these, which every door shares)
REPLAY_POINTS = (
    "replay.before_record",
    "replay.after_record",
    "load.before_commit",
    "load.after_commit",
)
DECISIONS = """
    select load_id, delivery_id, action, who, replay_delivery_id
    from ops.quarantine_resolutions order by load_id, delivery_id
"""
REPLAYED = """
    select delivery_id, customer_id, event_id, quantity from raw_usage.events
    where starts_with(delivery_id, 'replay:') order by delivery_id
"""
LOADS = "select count(*) from ops.loads where source = 'replay' and state = 'landed'"


def test_killed_anywhere_and_run_again_a_delivery_comes_again_once(
    deployed: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    forked: Commands,
    tmp_path: Path,
) -> None:
    killed = clone(deployed)
    install_catalog(killed, catalog())
    load_files(killed, [write_lines(tmp_path / "usage.jsonl", LINES)])
    build(killed, ADMISSION)
    know_newcomer(killed)
    calm = clone(killed)
    assert replay(calm, Selection(), who="Ada", why="mended").admitted_count == 2

    def kill(point: str, action: str, *arguments: str) -> None:
        forked.run(action, killed, *arguments, crash_at=point, code=KILLED)

    kill("quarantine.before_commit", "discard", "malformed_json", "Bo", "noise")
    for point in REPLAY_POINTS:
        assert read_as_admin(killed, DECISIONS) == []
        assert read_as_admin(killed, LOADS) == [(0,)]
        kill(point, "replay", "Ada", "mended")
    for _ in range(2):
        assert replay(killed, Selection(), who="Ada", why="mended").admitted_count == 0
        assert read_as_admin(killed, DECISIONS) == read_as_admin(calm, DECISIONS)
        assert read_as_admin(killed, REPLAYED) == read_as_admin(calm, REPLAYED)
        assert read_as_admin(killed, LOADS) == [(1,)]
