"""Asset checks: Great Expectations on what landed."""

from datetime import UTC, datetime, timedelta

import dagster as dg
from sqlalchemy import text

from expectations import check_landing
from orchestration.defs.ingestion import EVENTS
from orchestration.kafka import RECENT_DAYS, find_obstacles
from orchestration.resources import WarehouseResource
from warehouse import Role, Warehouse

LANDING_CHECK = "landing_meets_expectations"


@dg.asset_check(asset=EVENTS, name=LANDING_CHECK, blocking=True)
def landing_meets_expectations(warehouse: WarehouseResource) -> dg.AssetCheckResult:
    """Checks volume, freshness, types and ranges of what is to be admitted; faults block."""
    opened = warehouse.open()
    load_ids = _loads_to_check(opened)
    if not load_ids:
        return dg.AssetCheckResult(passed=True, metadata={"load_id": "none landed yet"})
    now = datetime.now(UTC)
    reports = {load_id: check_landing(opened, load_id, as_of=now) for load_id in load_ids}
    lines = [
        f"| {load_id} | {result.name} | {result.severity} | {result.observed} | "
        f"{result.expected} | {'yes' if result.success else 'NO'} |"
        for load_id, report in reports.items()
        for result in report.results
    ]
    table = [
        "| load | expectation | severity | observed | expected | met |",
        "|---|---|---|---|---|---|",
    ]
    failures = [
        f"load {load_id}: {result.name}: {result.observed}, expected {result.expected}"
        for load_id, report in reports.items()
        for result in report.failures
    ]
    shown = ", ".join(map(str, load_ids))
    is_good = all(report.success for report in reports.values())
    return dg.AssetCheckResult(
        passed=not failures,
        description="; ".join(failures) or f"load {shown} meets every expectation",
        severity=dg.AssetCheckSeverity.WARN if is_good else dg.AssetCheckSeverity.ERROR,
        metadata={"load_id": shown, "results": dg.MetadataValue.md("\n".join(table + lines))},
    )


def _loads_to_check(warehouse: Warehouse) -> list[int]:
    """Finds the loads that no model has applied yet, and the newest one in any case."""
    query = """
        select load_id from ops.loads
        where state = 'landed' and (
            load_id = (select max(load_id) from ops.loads where state = 'landed')
            or not exists (
                select from ops.applied_loads as applied where applied.load_id = loads.load_id
            )
        )
        order by load_id
    """
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        return list(connection.execute(text(query)).scalars())


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
