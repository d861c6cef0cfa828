"""Asset checks: Great Expectations on what landed."""

from datetime import UTC, datetime, timedelta

import dagster as dg
from sqlalchemy import text

from expectations import check_landing
from orchestration.defs.ingestion import EVENTS
from orchestration.kafka import RECENT_DAYS, find_obstacles
from orchestration.resources import WarehouseResource
from warehouse import Role

LANDING_CHECK = "landing_meets_expectations"


@dg.asset_check(asset=EVENTS, name=LANDING_CHECK, blocking=True)
def landing_meets_expectations(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Checks volume, freshness, types and ranges of the newest load; faults of it block."""
    opened = warehouse.open()
    query = "select max(load_id) from ops.loads where state = 'landed'"
    with opened.engine(Role.TRANSFORMER).connect() as connection:
        load_id = connection.execute(text(query)).scalar()
    if load_id is None:
        return dg.AssetCheckResult(passed=True, metadata={"load_id": "none landed yet"})
    report = check_landing(opened, load_id, as_of=datetime.now(UTC))
    lines = [
        f"| {result.name} | {result.severity} | {result.observed} | {result.expected} | "
        f"{'yes' if result.success else 'NO'} |"
        for result in report.results
    ]
    table = ["| expectation | severity | observed | expected | met |", "|---|---|---|---|---|"]
    return dg.AssetCheckResult(
        passed=not report.failures,
        description="; ".join(
            f"{result.name}: {result.observed}, expected {result.expected}"
            for result in report.failures
        )
        or f"load {load_id} meets every expectation",
        severity=dg.AssetCheckSeverity.WARN if report.success else dg.AssetCheckSeverity.ERROR,
        metadata={"load_id": load_id, "results": dg.MetadataValue.md("\n".join(table + lines))},
    )


@dg.asset_check(asset=EVENTS, name="kafka_is_read_whole")
def kafka_is_read_whole(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Warns when messages of Kafka couldn't be read lately, or when no broker answers."""
    since = datetime.now(UTC) - timedelta(days=RECENT_DAYS)
    obstacles = find_obstacles(warehouse.open(), since=since)
    return dg.AssetCheckResult(
        passed=not obstacles,
        description="; ".join(obstacles) or f"no gap in {RECENT_DAYS} days",
        severity=dg.AssetCheckSeverity.WARN,
    )
