"""The dbt program as a resource that starts it without asking it first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

from dagster_dbt import DbtCliResource
from packaging.version import Version, parse

from orchestration.dbt_project import PROJECT_DIR, dbt_executable


class ProjectDbt(DbtCliResource):
    """dbt of this environment: its version is known, and no adapter of it is needed beside it.

    As it comes, the resource runs `dbt --version` before each command, and loads dbt into this
    process too, for metadata that we don't ask for: three of seven seconds before a model began.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return parse(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


def dbt_resource() -> DbtCliResource:
    """Returns the dbt program of this environment, on our project."""
    return ProjectDbt(
        project_dir=str(PROJECT_DIR),
        profiles_dir=str(PROJECT_DIR),
        dbt_executable=dbt_executable(),
        global_config_flags=["--no-use-colors", "--no-version-check"],
    )
