"""Settings of the orchestration: the only reader of the environment in this package."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.settings import PROJECT_ROOT


class OrchestrationSettings(BaseSettings):
    """Where scheduled work finds its input and leaves its output.

    Attributes:
        state_dir: Folder for everything that is not source.
        inbox_dir: Folder that the hourly schedule loads usage files from.
        mapping: Mapping file for the inbox; empty: the files are native event lines.
        export_dir: Folder that exports are written to.
    """

    model_config = SettingsConfigDict(env_prefix="METERHOUSE_", extra="ignore")

    state_dir: Path = Field(default=PROJECT_ROOT / ".meterhouse")
    inbox_dir: Path | None = None
    mapping: Path | None = None
    export_dir: Path | None = None

    @property
    def inbox(self) -> Path:
        """The inbox folder, by default in the state folder."""
        return self.inbox_dir or self.state_dir / "inbox"

    @property
    def exports(self) -> Path:
        """The export folder, by default in the state folder."""
        return self.export_dir or self.state_dir / "exports"
