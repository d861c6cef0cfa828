"""Settings of the object stores: the only reader of the environment in this package."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ObjectStoreSettings(BaseSettings):
    """How an S3-compatible store is reached, and what it may cost on this machine.

    Attributes:
        endpoint_url: Address of the store; empty: AWS itself.
        key: Access key id; empty: what the machine has (environment, profile, instance role).
        secret: Secret of that key.
        region: Region; empty: that of the machine's own configuration.
        inbox: Prefix or pattern, `s3://bucket/prefix/`, that scheduled work takes objects from;
            empty: none.
        spool_bytes: Bytes of objects that are on this disk at a time; a single larger one is too.
        fetch_workers: Objects that are fetched side by side.
        connect_seconds: How long a connection may take, and how long the store may be silent.
    """

    model_config = SettingsConfigDict(env_prefix="METERHOUSE_OBJECT_STORE_", extra="ignore")

    endpoint_url: str = ""
    key: str = ""
    secret: SecretStr = SecretStr("")
    region: str = ""
    inbox: str = ""
    spool_bytes: int = Field(default=1 << 30, ge=1)
    fetch_workers: int = Field(default=4, ge=1, le=32)
    connect_seconds: int = Field(default=20, ge=1)
