"""Settings of the Kafka door: the only reader of the environment in this package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MIB = 1 << 20
Names = Annotated[tuple[str, ...], NoDecode]


class KafkaSettings(BaseSettings):
    """Where the brokers are, what is read from them, and in which portions.

    Attributes:
        bootstrap_servers: Brokers to begin with, `host:port`, separated by commas.
        topics: Topics to read, separated by commas; one that begins with ^ is a pattern.
        group: The consumer group; several consumers of one group share the partitions.
        instance: Name of this consumer within the group, where it has one of its own: a restart
            then takes its partitions back at once.
        mapping: Mapping file (JSON) of the messages; empty: they are native events.
        dead_letter_topic: Topic that rejected messages are also sent to; empty: none.
        transactional_topics: Topics whose producers use transactions, so that offsets jump.
        batch_messages: Messages of one load at most.
        batch_bytes: Bytes of the messages of one load at most, about.
        batch_seconds: How long a load waits for more messages after its first one.
        broker_seconds: How long brokers may be away before the consumer gives up.
        session_seconds: How long the group waits for a consumer that died.
        metadata_seconds: How soon new topics and partitions are noticed.
        security_protocol: How the brokers are spoken to.
        sasl_mechanism: How the consumer says who it is, where SASL is used.
        sasl_username: Who it is.
        sasl_password: Its password.
        ssl_ca_location: File with the certificates that are trusted; empty: those of the system.
    """

    model_config = SettingsConfigDict(env_prefix="METERHOUSE_KAFKA_", extra="ignore", frozen=True)

    bootstrap_servers: str = ""
    topics: Names = ()
    group: str = Field(default="meterhouse", min_length=1)
    instance: str = ""
    mapping: Path | None = None
    dead_letter_topic: str = ""
    transactional_topics: Names = ()
    batch_messages: int = Field(default=100_000, ge=1)
    batch_bytes: int = Field(default=64 * MIB, ge=1024)
    batch_seconds: int = Field(default=5, ge=0)
    broker_seconds: int = Field(default=60, ge=1)
    session_seconds: int = Field(default=45, ge=1)
    metadata_seconds: int = Field(default=30, ge=1)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str = ""
    sasl_password: SecretStr = SecretStr("")
    ssl_ca_location: Path | None = None

    @field_validator("topics", "transactional_topics", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Splits a list that is written with commas."""
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("mapping", "ssl_ca_location", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        """Takes an empty path for none, as compose files pass it."""
        return None if value == "" else value

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        """What is rejected must not come in again; a login needs both its halves."""
        if self.dead_letter_topic and self.dead_letter_topic in self.topics:
            raise ValueError("dead_letter_topic must not be one of the topics that are read")
        uses_sasl = self.security_protocol.startswith("SASL")
        if uses_sasl and not (self.sasl_username and self.sasl_password.get_secret_value()):
            raise ValueError(f"{self.security_protocol} needs sasl_username and sasl_password")
        return self

    @property
    def is_configured(self) -> bool:
        """Whether there is something to read without being told more."""
        return bool(self.bootstrap_servers and self.topics)
