"""Clients of a Kafka cluster, by the settings, and what their errors mean to a user."""

from __future__ import annotations

from collections.abc import Callable

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from ingestion.kafka.settings import KafkaSettings
from warehouse import MeterhouseError

PROBE_SECONDS = 10
_MILLISECONDS = 1000
_LARGEST_MESSAGE = 100 << 20
_FATAL = {
    KafkaError._AUTHENTICATION,
    KafkaError._SSL,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.INVALID_SESSION_TIMEOUT,
}

ErrorCallback = Callable[[KafkaError], None]


class BrokerAwayError(MeterhouseError):
    """No broker answers; it may be back soon."""


def describe_connection(settings: KafkaSettings, on_error: ErrorCallback) -> dict[str, object]:
    """Builds what every client is configured with.

    Args:
        settings: Where the brokers are, and the login.
        on_error: Told of errors that no call gives back.

    Returns:
        librdkafka's properties.

    Raises:
        MeterhouseError: No broker is named.
    """
    if not settings.bootstrap_servers:
        raise MeterhouseError(
            "No Kafka broker is named.", remedy="set METERHOUSE_KAFKA_BOOTSTRAP_SERVERS=host:9092"
        )
    described: dict[str, object] = {
        "bootstrap.servers": settings.bootstrap_servers,
        "security.protocol": settings.security_protocol,
        "client.id": "meterhouse",
        "error_cb": on_error,
        "log_level": 0,
        "reconnect.backoff.max.ms": 2 * _MILLISECONDS,
        "socket.connection.setup.timeout.ms": PROBE_SECONDS * _MILLISECONDS,
    }
    if settings.security_protocol.startswith("SASL"):
        described["sasl.mechanism"] = settings.sasl_mechanism
        described["sasl.username"] = settings.sasl_username
        described["sasl.password"] = settings.sasl_password.get_secret_value()
    if settings.ssl_ca_location is not None:
        described["ssl.ca.location"] = str(settings.ssl_ca_location)
    return described


def make_consumer(settings: KafkaSettings, on_error: ErrorCallback) -> Consumer:
    """Makes a consumer that keeps no offsets by itself.

    Args:
        settings: Settings.
        on_error: Told of errors that no call gives back.

    Returns:
        The consumer, subscribed to nothing.
    """
    session = settings.session_seconds * _MILLISECONDS
    described = describe_connection(settings, on_error) | {
        "group.id": settings.group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "session.timeout.ms": session,
        "heartbeat.interval.ms": max(session // 10, 100),
        "topic.metadata.refresh.interval.ms": settings.metadata_seconds * _MILLISECONDS,
        "queued.max.messages.kbytes": max(settings.batch_bytes // 1024, 1024),
        "fetch.error.backoff.ms": 200,
        "fetch.wait.max.ms": 200,
    }
    if settings.instance:
        described["group.instance.id"] = settings.instance
    return Consumer(described)


def make_producer(
    settings: KafkaSettings, on_error: ErrorCallback, *, delivery_seconds: int
) -> Producer:
    """Makes a producer whose messages are acknowledged by all replicas, each stored once.

    Args:
        settings: Settings.
        on_error: Told of errors that no call gives back.
        delivery_seconds: How long a message may take until it is acknowledged.

    Returns:
        The producer.
    """
    return Producer(
        describe_connection(settings, on_error)
        | {
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 2,
            "compression.type": "lz4",
            "message.max.bytes": _LARGEST_MESSAGE,
            "delivery.timeout.ms": delivery_seconds * _MILLISECONDS,
            "request.timeout.ms": delivery_seconds * _MILLISECONDS,
        }
    )


def make_admin(settings: KafkaSettings, on_error: ErrorCallback) -> AdminClient:
    """Makes a client that asks what topics are.

    Args:
        settings: Settings.
        on_error: Told of errors that no call gives back.

    Returns:
        The client.
    """
    return AdminClient(describe_connection(settings, on_error))


def is_fatal(error: KafkaError) -> bool:
    """Tells whether waiting can't mend an error."""
    return error.fatal() or error.code() in _FATAL


def explain(error: KafkaError, settings: KafkaSettings) -> MeterhouseError:
    """Says what an error of a client means to whoever runs it.

    Args:
        error: The error.
        settings: Settings of the client.

    Returns:
        The error to be raised; a `BrokerAwayError` when waiting may help.
    """
    if not is_fatal(error):
        return BrokerAwayError(
            f"Kafka at {settings.bootstrap_servers} doesn't answer: {error.str()}.",
            remedy="check that the broker runs and METERHOUSE_KAFKA_BOOTSTRAP_SERVERS names it, "
            "then run the same command again; nothing is lost",
        )
    if error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC):
        return MeterhouseError(
            f"The topic is not there: {error.str()}.",
            remedy="create it, or name another in METERHOUSE_KAFKA_TOPICS",
        )
    return MeterhouseError(
        f"Kafka at {settings.bootstrap_servers} refuses this client: {error.str()}.",
        remedy="check METERHOUSE_KAFKA_SECURITY_PROTOCOL, the SASL settings and the topic's rights",
    )


def explain_exception(error: KafkaException, settings: KafkaSettings) -> MeterhouseError:
    """Does as `explain` for what a call raised."""
    return explain(error.args[0], settings)
