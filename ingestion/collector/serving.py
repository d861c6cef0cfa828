"""Runs the collector until it is told to stop."""

from __future__ import annotations

import logging
import sys

import uvicorn

from ingestion.collector.application import build_application
from ingestion.collector.protocol import bound_protocol
from ingestion.collector.settings import CollectorSettings
from ingestion.collector.spool import Spool
from warehouse.errors import MeterhouseError

_FAILED_START = 3


def serve(settings: CollectorSettings | None = None) -> None:
    """Serves until SIGTERM or SIGINT: then finishes requests under way and makes segments ready.

    Args:
        settings: Settings; from the environment when not given.

    Raises:
        MeterhouseError: The spool can't be used, another collector writes to it, or nothing can
            listen on the address.
    """
    settings = settings or CollectorSettings()
    spool = Spool(settings)
    config = uvicorn.Config(
        build_application(settings, spool),
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
