"""Settings of the warehouse: the only reader of the environment in this package."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class WarehouseSettings(BaseSettings):
    """Where the warehouse is.

    Attributes:
        state_dir: Folder of all that is not source: the embedded server, working files, outputs.
        database_url: Administrator's URL of another Postgres (16+); empty: the embedded one.
        database_name: Name of the database in the embedded server.
        role_secret: Secret that the role passwords derive from; empty: made once, in `state_dir`.
    """

    model_config = SettingsConfigDict(env_prefix="METERHOUSE_", extra="ignore")

    state_dir: Path = Field(default=PROJECT_ROOT / ".meterhouse")
    database_url: str = ""
    database_name: str = "meterhouse"
    role_secret: str = ""
