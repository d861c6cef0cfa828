"""Settings of the collector: the only reader of the environment in this package."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.contracts import MAX_LINE_BYTES
from warehouse.settings import PROJECT_ROOT

MIB = 1 << 20


class CollectorSettings(BaseSettings):
    """Where the collector listens, where it keeps what it took, and how much it takes.

    Attributes:
        state_dir: Folder for everything that is not source.
        spool_dir: Folder of the segments; a file `*.jsonl` in it is complete and may be loaded.
        keys_file: File that holds the API keys, hashed.
        host: Address that it listens on.
        port: Port that it listens on; 0 takes a free one.
        segment_bytes: A segment becomes ready once it has this size.
        segment_seconds: A segment becomes ready once it is this old.
        landed_hours: How long segments are kept after they landed; 0 removes them at once.
        free_bytes: Space that must stay free in the spool; with less, nothing is taken.
        max_body_bytes: Size of a body as it is sent.
        max_content_bytes: Size of a body once it is decompressed.
        max_batch_events: Events (or lines) of a batch.
        max_nesting: Levels of objects and arrays in one event.
        max_pending_bytes: Bytes of all bodies that are being worked on.
        max_connections: Connections that are open at once.
        max_header_bytes: Size of the header of a request.
        request_seconds: How long a client may take to send a request.
        drain_seconds: How long a stopping collector waits for requests under way.
        key_reload_seconds: How soon a new, expired or revoked key takes effect.
        events_per_second: Events that a key may send in the long run, unless it says otherwise.
        burst_events: Events that a key may send at once, unless it says otherwise.
        idempotency_hours: How long the answer to an idempotency key is kept.
        idempotency_bytes: Size of all answers that are kept; the oldest go first.
        kafka_topic: Topic that batches are kept in instead of segments; empty: none.
        kafka_seconds: How long the topic may take to acknowledge a group of batches.
    """

    model_config = SettingsConfigDict(
        env_prefix="METERHOUSE_COLLECTOR_", extra="ignore", populate_by_name=True, frozen=True
    )

    state_dir: Path = Field(
        default=PROJECT_ROOT / ".meterhouse", validation_alias="METERHOUSE_STATE_DIR"
    )
    spool_dir: Path | None = None
    keys_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8480, ge=0, le=65535)
    segment_bytes: int = Field(default=64 * MIB, ge=1024)
    segment_seconds: int = Field(default=5, ge=1)
    landed_hours: int = Field(default=24, ge=0)
    free_bytes: int = Field(default=256 * MIB, ge=0)
    max_body_bytes: int = Field(default=4 * MIB, ge=1024)
    max_content_bytes: int = Field(default=16 * MIB, ge=1024)
    max_batch_events: int = Field(default=10_000, ge=1)
    max_nesting: int = Field(default=64, ge=2, le=512)
    max_pending_bytes: int = Field(default=64 * MIB, ge=MAX_LINE_BYTES)
    max_connections: int = Field(default=1000, ge=1)
    max_header_bytes: int = Field(default=32 * 1024, ge=1024)
    request_seconds: int = Field(default=30, ge=1)
    drain_seconds: int = Field(default=20, ge=1)
    key_reload_seconds: int = Field(default=1, ge=0)
    events_per_second: int = Field(default=10_000, ge=1)
    burst_events: int = Field(default=50_000, ge=1)
    idempotency_hours: int = Field(default=24, ge=1)
    idempotency_bytes: int = Field(default=128 * MIB, ge=MIB)
    kafka_topic: str = ""
    kafka_seconds: int = Field(default=10, ge=1)

    @model_validator(mode="after")
    def _check_room(self) -> Self:
        """One request must find room, or it would be told to wait for ever."""
        if self.max_pending_bytes < self.max_body_bytes + self.max_content_bytes:
            raise ValueError("max_pending_bytes has no room for max_body_bytes + max_content_bytes")
        return self

    @property
    def spool(self) -> Path:
        """The folder of the segments, by default in the state folder."""
        return self.spool_dir or self.state_dir / "collector" / "spool"

    @property
    def keys(self) -> Path:
        """The file of the API keys, by default in the state folder."""
        return self.keys_file or self.state_dir / "collector" / "keys.json"
