"""Settings of the expectations: the only reader of the environment in this package."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class LandingThresholds(BaseSettings):
    """How much of a load may be odd before an expectation fails.

    Attributes:
        newest_load_max_age_hours: Greatest age of the newest load, in hours.
        rejected_max_per_thousand: Greatest number of rejected lines in 1,000 received lines.
        late_max_per_thousand: Greatest number of events of closed months in 1,000 events.
    """

    model_config = SettingsConfigDict(env_prefix="METERHOUSE_LANDING_", extra="ignore")

    newest_load_max_age_hours: int = Field(default=26, ge=1)
    rejected_max_per_thousand: int = Field(default=200, ge=0, le=1000)
    late_max_per_thousand: int = Field(default=50, ge=0, le=1000)
