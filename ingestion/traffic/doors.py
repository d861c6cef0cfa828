"""The doors that made-up traffic can take; each says by an OSError that it took a batch not."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from ingestion.traffic.settings import TrafficSettings
from warehouse.errors import MeterhouseError

DOORS = ("files", "collector", "kafka", "object_store", "sql")
_ANSWER_SECONDS = 30
_CUSTOMER = re.compile(rb'"customer_id":"([^"]*)"')


class TrafficDoor(Protocol):
    """Something that takes lines."""

    def send(self, lines: Sequence[bytes]) -> None:
        """Sends lines and waits until they are taken; may be called by several threads.

        Raises:
            OSError: They were not taken.
        """

    def close(self) -> None:
        """Ends it; everything that was sent has been taken."""


def open_door(name: str, settings: TrafficSettings, *, run: str) -> TrafficDoor:
    """Opens a door.

    Args:
        name: One of `DOORS`.
        settings: Where it is.
        run: Name of this run, for what files and objects are called.

    Returns:
        The door.

    Raises:
        MeterhouseError: The door is unknown, or a setting is missing.
    """
    if name == "files":
        return FilesDoor(settings.inbox, run=run)
    if name == "collector":
        return CollectorDoor(settings)
    if name == "kafka":
        from ingestion.traffic.kafka_door import KafkaDoor

        return KafkaDoor(settings)
    if name == "object_store":
        from ingestion.traffic.object_store_door import ObjectStoreDoor

        return ObjectStoreDoor(settings, run=run)
    if name == "sql":
        from ingestion.traffic.sql_door import SqlDoor

        return SqlDoor(settings)
    raise MeterhouseError(f"There is no door {name}.", remedy=f"name one of {', '.join(DOORS)}")


class FilesDoor:
    """A folder: each batch becomes a file, which is there whole or not at all.

    Args:
        folder: The folder; made if need be.
        run: Name of this run.
    """

    def __init__(self, folder: Path, *, run: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._names = FileNames(run)

    def send(self, lines: Sequence[bytes]) -> None:
        """Writes a file beside its place, then moves it there."""
        path = self._folder / self._names.next()
        partial = path.with_name(f".{path.name}.part")
        partial.write_bytes(b"\n".join(lines) + b"\n")
        partial.replace(path)

    def close(self) -> None:
        """Has nothing left to do."""


class FileNames:
    """Names of files or objects, in order.

    Args:
        run: What all of them begin with.
    """

    def __init__(self, run: str) -> None:
        self._run = run
        self._count = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        """The next name."""
        with self._lock:
            self._count += 1
            return f"{self._run}_{self._count:06d}.jsonl"


class CollectorDoor:
    """The HTTP collector, over one connection for each thread that sends.

    Args:
        settings: Its address and a key.
    """

    def __init__(self, settings: TrafficSettings) -> None:
        self._address = urlsplit(settings.collector_url)
        if self._address.scheme not in ("http", "https") or not self._address.hostname:
            raise MeterhouseError(
                f"{settings.collector_url} is no address of a collector.",
                remedy="set METERHOUSE_TRAFFIC_COLLECTOR_URL=http://host:port",
            )
        secret = settings.collector_key.get_secret_value()
        if not secret:
            raise MeterhouseError(
                "The collector needs an API key.",
                remedy="./meterhouse collector create-key traffic --customer '*', then set "
                "METERHOUSE_TRAFFIC_COLLECTOR_KEY to its secret",
            )
        self._headers = {
            "authorization": f"Bearer {secret}",
            "content-type": "application/x-ndjson",
        }
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []

    def send(self, lines: Sequence[bytes]) -> None:
        """Posts a batch; anything but 202 is an error."""
        connection = self._connect()
        try:
            connection.request("POST", "/v1/events", b"\n".join(lines) + b"\n", self._headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise OSError(f"the collector doesn't answer: {error}") from error
        if answer.status != http.client.ACCEPTED:
            raise OSError(f"the collector answered {answer.status}: {body[:200]!r}")

    def close(self) -> None:
        """Closes the connections."""
        for connection in self._connections:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            is_safe = self._address.scheme == "https"
            kind = http.client.HTTPSConnection if is_safe else http.client.HTTPConnection
            host = self._address.hostname or ""
            connection = kind(host, self._address.port, timeout=_ANSWER_SECONDS)
            self._local.connection = connection
            self._connections.append(connection)
        return connection


def customer_of(line: bytes) -> bytes | None:
    """Finds the customer of a line, as a partition's key; None in a line that names none."""
    found = _CUSTOMER.search(line)
    return found.group(1) if found else None
