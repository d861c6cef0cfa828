"""The code location: a literal list of assets, checks, jobs, schedules and sensors."""

from __future__ import annotations

import dagster as dg

from orchestration.dbt_project import prepared_manifest
from orchestration.dbt_resource import dbt_resource
from orchestration.defs.billing import close, exported_invoices
from orchestration.defs.ingestion import catalog, usage_files
from orchestration.defs.quality import kafka_is_read_whole, landing_meets_expectations
from orchestration.defs.reconciliation import usage_reconciles
from orchestration.defs.transformation import usage_models
from orchestration.resources import WarehouseResource
from orchestration.settings import OrchestrationSettings
from orchestration.watching import watching_sensor


@dg.definitions
def definitions() -> dg.Definitions:
    """Everything that Dagster knows of Meterhouse."""
    models = usage_models(prepared_manifest(OrchestrationSettings().state_dir))
    land_usage = dg.define_asset_job("load", selection=dg.AssetSelection.assets(usage_files))
    land_catalog = dg.define_asset_job("land_catalog", selection=dg.AssetSelection.assets(catalog))
    # what reads all of history runs in a job of its own
    reconciling = dg.AssetSelection.checks(usage_reconciles)
    build = dg.define_asset_job("build", selection=dg.AssetSelection.assets(models) - reconciling)
    reconcile = dg.define_asset_job("reconcile", selection=reconciling)
    refresh = dg.define_asset_job(
        "refresh", selection=dg.AssetSelection.assets(usage_files, models) - reconciling
    )
    export = dg.define_asset_job("export", selection=dg.AssetSelection.assets(exported_invoices))
    hourly = dg.ScheduleDefinition(
        name="refresh_hourly",
        job=refresh,
        cron_schedule="5 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    nightly = dg.ScheduleDefinition(
        name="reconcile_nightly",
        job=reconcile,
        cron_schedule="35 3 * * *",
        execution_timezone="UTC",
    )
    return dg.Definitions(
        assets=[catalog, usage_files, models, exported_invoices],
        asset_checks=[landing_meets_expectations, kafka_is_read_whole, usage_reconciles],
        jobs=[land_usage, land_catalog, build, refresh, reconcile, close, export],
        schedules=[hourly, nightly],
        sensors=[watching_sensor(refresh)],
        resources={"dbt": dbt_resource(), "warehouse": WarehouseResource()},
    )
