"""Settings of the ingestion: the only reader of the environment in this package."""

from __future__ import annotations

import os

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class IngestionSettings(BaseSettings):
    """How usage files are read and landed.

    Attributes:
        batch_bytes: Size of the batches that a file is read in, in bytes; memory follows it.
        read_processes: Number of processes that read a long file of native lines side by side.
        load_workers: Number of connections that land rows side by side.
        load_attempts: How often landing is tried before a load is given up.
        ready_markers: Whether only files and objects are taken that have a ready-marker.
        outage_seconds: How long Postgres may be away in the middle of a load, in seconds.
    """

    model_config = SettingsConfigDict(env_prefix="METERHOUSE_INGESTION_", extra="ignore")

    batch_bytes: int = Field(default=8 << 20, ge=1024, le=256 << 20)
    read_processes: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 8), ge=1, le=64)
    load_workers: int = Field(default=2, ge=1, le=16)
    load_attempts: int = Field(default=3, ge=1, le=10)
    ready_markers: bool = False
    outage_seconds: int = Field(default=60, ge=0, le=3600)
