"""Settings of the dashboards: the only reader of the environment in this package."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DashboardSettings(BaseSettings):
    """How the pages reach the warehouse.

    Attributes:
        reporter_url: URL by which the read-only role logs in; empty: the warehouse's own.
    """

    model_config = SettingsConfigDict(env_prefix="METERHOUSE_", extra="ignore")

    reporter_url: str = Field(default="", repr=False)
