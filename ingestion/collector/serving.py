"""Runs the collector until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from ingestion.collector.application import build_application
from ingestion.collector.protocol import bound_protocol
from ingestion.collector.settings import CollectorSettings
from ingestion.collector.spool import Spool
from warehouse.errors import MeterhouseError

if TYPE_CHECKING:
    from ingestion.collector.event_topic import EventTopic

_FAILED_START = 3


def serve(settings: CollectorSettings | None = None) -> None:
    """Serves until SIGTERM or SIGINT: then finishes requests under way and makes segments ready.

    Args:
        settings: Settings; from the environment when not given.

    Raises:
        MeterhouseError: The spool can't be used, another collector writes to it, nothing can listen
            on the address, or there is a topic but no broker is named.
    """
    settings = settings or CollectorSettings()
    topic = _open_topic(settings)
    spool = Spool(settings)
    config = uvicorn.Config(
        build_application(settings, spool, topic),
        host=settings.host,
        port=settings.port,
        http=bound_protocol(
            header_bytes=settings.max_header_bytes, seconds=settings.request_seconds
        ),
        ws="none",
        lifespan="on",
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=settings.drain_seconds,
    )
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1 / 1000)
    try:
        with _ending_well():
            uvicorn.Server(config).run()
    except SystemExit as stopped:
        if stopped.code == _FAILED_START:
            raise MeterhouseError(
                f"Nothing can listen on {settings.host}:{settings.port}.",
                remedy="another program may have the port: choose one by METERHOUSE_COLLECTOR_PORT",
            ) from stopped
        raise
    finally:
        sys.setswitchinterval(switch_interval)


def _open_topic(settings: CollectorSettings) -> EventTopic | None:
    if not settings.kafka_topic:
        return None
    from ingestion.collector.event_topic import EventTopic

    return EventTopic(settings)


@contextmanager
def _ending_well() -> Iterator[None]:
    """Lets a process that was told to stop, and did, end with 0.

    The server sends itself the signal again once it has stopped; it has nothing left to do then.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, _do_nothing) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _do_nothing(number: int, frame: object) -> None:
    """Takes a signal that has been heeded already."""
