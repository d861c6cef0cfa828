"""Settings of the dashboards: the only reader of the environment in this package."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DashboardSettings(BaseSettings):
    """How the pages reach the warehouse.

    Attributes:
        reporter_url: URL by which the read-only role logs in; empty: the warehouse's own.
        statement_timeout_seconds: Longest time that one query may take, in seconds.
    """

    model_config = SettingsConfigDict(env_prefix="METERHOUSE_", extra="ignore")

    reporter_url: str = Field(default="", repr=False)
    statement_timeout_seconds: int = Field(
        default=30, validation_alias="METERHOUSE_DASHBOARD_TIMEOUT_SECONDS", ge=1
    )
