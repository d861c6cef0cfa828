"""Assets that land usage files and the catalog, and the check of what landed."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from pydantic import Field

from ingestion.catalog import load_catalog
from ingestion.load_reports import LoadReport
from ingestion.places import load_places
from ingestion.settings import IngestionSettings
from orchestration.doors import Landed, load_waiting
from orchestration.resources import WarehouseResource
from orchestration.watching import INCOMPLETE_TAG
from warehouse.progress import progress

CATALOG_TABLES = (
    "legal_entities",
    "customers",
    "meters",
    "plans",
    "prices",
    "price_tiers",
    "subscriptions",
)
EVENTS = dg.AssetKey(["raw_usage", "events"])
REJECTED = dg.AssetKey(["raw_usage", "rejected"])
DOORS_CHECK = "every_door_was_read"


class UsageFiles(dg.Config):
    """Which usage files to load.

    Attributes:
        paths: Files, folders, globs, and `s3://` places; empty: whatever waits at the doors.
        mapping: Mapping file; empty: native event lines, or the mapping of the settings' inbox.
        ready_markers: Take only what has a ready-marker, whatever the settings say.
    """

    paths: list[str] = Field(default_factory=list)
    mapping: str = ""
    ready_markers: bool = False


class CatalogFolder(dg.Config):
    """Which catalog to land.

    Attributes:
        directory: The catalog's folder.
    """

    directory: str


@dg.multi_asset(
    name="usage_files",
    specs=[
        dg.AssetSpec(EVENTS, description="One row per landed usage event.", kinds={"dlt"}),
        dg.AssetSpec(REJECTED, description="One row per line that is no event.", kinds={"dlt"}),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            DOORS_CHECK,
            asset=EVENTS,
            description="Nothing that waits was refused, and no door was away. What could be read "
            "has landed, and is built on.",
        )
    ],
    group_name="raw_usage",
    pool="dlt",
)
def usage_files(
    context: dg.AssetExecutionContext, config: UsageFiles, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Lands usage files that were not landed before; without paths, whatever waits anywhere."""
    opened = warehouse.open()
    settings = IngestionSettings()
    if config.ready_markers:
        settings = settings.model_copy(update={"ready_markers": True})
    if config.paths:
        report = load_places(opened, config.paths, config.mapping or None, settings=settings)
        landed = Landed((report,))
    else:
        landed = load_waiting(opened, mapping=config.mapping, settings=settings)
    reports = landed.reports
    for report in reports:
        progress().note(_said(report))
    consumed = landed.consumed
    load_ids = [report.load_id for report in reports if report.load_id] + consumed.load_ids
    if landed.faults:
        context.instance.add_run_tags(context.run_id, {INCOMPLETE_TAG: "true"})
    counts = {
        "load_ids": ", ".join(map(str, load_ids)) or "none: nothing new",
        "files": sum(len(report.new_files) for report in reports),
        "files known before": sum(len(report.known_files) for report in reports),
        "messages": consumed.message_count,
        "received": sum(report.received_count for report in [*reports, consumed]),
    }
    event_count = sum(report.event_count for report in [*reports, consumed])
    rejected_count = sum(report.rejected_count for report in [*reports, consumed])
    yield dg.MaterializeResult(
        asset_key=EVENTS, metadata={**counts, "dagster/partition_row_count": event_count}
    )
    yield dg.MaterializeResult(
        asset_key=REJECTED,
        metadata={**counts, "dagster/partition_row_count": rejected_count},
    )
    yield dg.AssetCheckResult(
        passed=not landed.faults,
        check_name=DOORS_CHECK,
        asset_key=EVENTS,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(map(str, landed.faults)) or "every door was read",
    )


def _said(report: LoadReport) -> str:
    """Says what a load did, in one line."""
    passed_over = []
    if report.known_files:
        passed_over.append(f"{len(report.known_files):,} files known before")
    if report.waiting_files:
        passed_over.append(f"{len(report.waiting_files):,} files wait for their marker")
    known = "; ".join(passed_over)
    if report.load_id is None:
        return f"nothing new: {known or 'no files'}"
    new = (
        f"load {report.load_id}: {len(report.new_files):,} files, {report.event_count:,} events, "
        f"{report.rejected_count:,} lines rejected"
    )
    return f"{new}; {known}" if known else new


@dg.multi_asset(
    name="catalog",
    specs=[dg.AssetSpec(["raw_catalog", table], kinds={"dlt"}) for table in CATALOG_TABLES],
    group_name="raw_catalog",
    pool="dlt",
)
def catalog(
    config: CatalogFolder, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Lands a catalog whole, as a new version, where its content is new."""
    report = load_catalog(warehouse.open(), Path(config.directory))
    progress().note(str(report))
    for table in CATALOG_TABLES:
        yield dg.MaterializeResult(
            asset_key=["raw_catalog", table],
            metadata={
                "catalog_version": report.catalog_version,
                "is_new_version": report.is_new,
                "dagster/row_count": report.row_counts.get(table, 0),
            },
        )
