"""How dbt's nodes appear in Dagster: keys and groups follow the project's schemas and folders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings


class ProjectTranslator(DagsterDbtTranslator):
    """Names an asset `[schema, table]` and groups models by layer and area."""

    def __init__(self) -> None:
        super().__init__(
            settings=DagsterDbtTranslatorSettings(
                enable_asset_checks=True, enable_source_tests_as_checks=False
            )
        )

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Returns `[schema, table]`, for sources too, so that lineage joins without a table."""
        name = dbt_resource_props.get("identifier") or dbt_resource_props["name"]
        return dg.AssetKey([dbt_resource_props["schema"], name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """Returns the layer and area folder, for example `intermediate_rating`."""
        folders = [part for part in dbt_resource_props["fqn"][1:-1] if part.isidentifier()]
        return "_".join(folders[:2]) or dbt_resource_props["resource_type"]
