"""How dbt's nodes appear in Dagster: keys and groups follow the project's schemas and folders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

CLOSED_SOURCE = "closed"


class ProjectTranslator(DagsterDbtTranslator):
    """Names an asset `[schema, table]` and groups models by layer and area."""

    def __init__(self) -> None:
        super().__init__(
            settings=DagsterDbtTranslatorSettings(
                enable_asset_checks=True, enable_source_tests_as_checks=False
            )
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Returns `[schema, table]`; of a source its own name stands for the schema.

        The source `closed` is the closed invoices as they were before a build: an input of the
        drafts, and so not the same asset as the tables that a close adds to.
        """
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """Returns the asset; what it needs of `closed` is not tied to the tables by their names."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        deps = [
            dg.AssetDep(dep.asset_key) if dep.asset_key.path[0] == CLOSED_SOURCE else dep
            for dep in spec.deps
        ]
        return spec.replace_attributes(deps=deps)

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Returns the layer and area folder, for example `intermediate_rating`."""
        folders = [part for part in dbt_resource_props["fqn"][1:-1] if part.isidentifier()]
        return "_".join(folders[:2]) or dbt_resource_props["resource_type"]
