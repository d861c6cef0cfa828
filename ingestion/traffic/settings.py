"""Settings of made-up traffic: the only reader of the environment in this package."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.settings import PROJECT_ROOT


class TrafficSettings(BaseSettings):
    """Where made-up traffic goes. Nothing leaves this machine unless a setting names another.

    Attributes:
        state_dir: Folder for everything that is not source.
        inbox_dir: Folder that files are written to.
        collector_url: Address of the collector.
        collector_key: API key that the collector knows.
        kafka_topic: Topic that messages go to; its brokers are those of the Kafka settings.
        object_store_prefix: `s3://bucket/prefix` of a store of the object store settings.
        sql_url: URL of an application's Postgres.
        sql_table: Its table, `schema.table` or `table`; made if need be.
    """

    model_config = SettingsConfigDict(
        env_prefix="METERHOUSE_TRAFFIC_", extra="ignore", populate_by_name=True
    )

    state_dir: Path = Field(
        default=PROJECT_ROOT / ".meterhouse", validation_alias="METERHOUSE_STATE_DIR"
    )
    inbox_dir: Path | None = Field(default=None, validation_alias="METERHOUSE_INBOX_DIR")
    collector_url: str = "http://127.0.0.1:8480"
    collector_key: SecretStr = SecretStr("")
    kafka_topic: str = ""
    object_store_prefix: str = ""
    sql_url: SecretStr = SecretStr("")
    sql_table: str = Field(
        default="usage_events", pattern=r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$"
    )

    @property
    def inbox(self) -> Path:
        """The inbox folder, by default in the state folder."""
        return self.inbox_dir or self.state_dir / "inbox"
