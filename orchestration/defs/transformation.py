"""The dbt project as assets: one build brings facts, aggregates and drafts up to date."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from orchestration.dbt_project import (
    build_arguments,
    code_version,
    connected_as,
    exclusive_build,
    failed_checks,
    is_deployed,
    read_run_results,
    record_deployment,
)
from orchestration.resources import WarehouseResource
from orchestration.translator import ProjectTranslator
from warehouse import MeterhouseError, Role
from warehouse.progress import Task, progress


class Build(dg.Config):
    """How to build.

    Attributes:
        proving: Whether to compute every aggregate from scratch too, and compare.
    """

    proving: bool = False


def _counted(events: Iterator[Any], task: Task) -> Iterator[Any]:
    """Passes on what dbt says of its nodes, counting them."""
    for event in events:
        task.advance(1)
        yield event


def usage_models(manifest: Path) -> dg.AssetsDefinition:
    """Returns the assets of every model in `manifest`.

    Args:
        manifest: The parsed project.
    """

    @dbt_assets(
        manifest=manifest,
        name="usage_models",
        dagster_dbt_translator=ProjectTranslator(),
        exclude="resource_type:unit_test",
        pool="dbt",
    )
    def usage_models_of_manifest(
        context: dg.AssetExecutionContext,
        config: Build,
        dbt: DbtCliResource,
        warehouse: WarehouseResource,
    ) -> Iterator[Any]:
        opened = warehouse.open()
        version = code_version()
        with exclusive_build(opened), connected_as(opened, Role.TRANSFORMER):
            deployed = is_deployed(opened, version)
            target = opened.state_dir / "dbt" / "build"
            target.mkdir(parents=True, exist_ok=True)
            (opened.state_dir / "logs").mkdir(exist_ok=True)
            invocation = dbt.cli(
                build_arguments(version=version, deployed=deployed, proving=config.proving),
                context=context,
                target_path=target,
                raise_on_error=False,
            )
            with (
                progress().task("Building models, running tests", unit="nodes") as task,
                (opened.state_dir / "logs" / "build.log").open("w") as log,
                contextlib.redirect_stdout(log),
            ):
                events = list(_counted(invocation.stream(), task))
            yield from events
            failures = failed_checks(read_run_results(invocation.target_path))
            if failures or not invocation.is_successful():
                said = Path(log.name).read_text().strip().splitlines()[-3:]
                raise MeterhouseError(
                    "The build did not succeed:\n  " + "\n  ".join(failures or said),
                    remedy="docs/runbook.md, 'A failed build'",
                )
            if not deployed:
                record_deployment(opened, version)

    return usage_models_of_manifest
