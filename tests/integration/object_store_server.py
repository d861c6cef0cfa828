"""A real S3 server on the loopback address, for tests: moto's, in a thread of the test process."""

from __future__ import annotations

import logging
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from ingestion.object_store.settings import ObjectStoreSettings

BUCKET = "usage"


@dataclass(frozen=True)
class StoreServer:
    """A running server with one empty bucket.

    Attributes:
        settings: How it is reached.
        client: A client of the one who writes the objects.
    """

    settings: ObjectStoreSettings
    client: Any

    def put(self, key: str, content: bytes) -> str:
        """Writes an object and returns its URL."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    def delete(self, key: str) -> None:
        """Deletes an object."""
        self.client.delete_object(Bucket=BUCKET, Key=key)

    @contextmanager
    def refusing_all(self) -> Iterator[None]:
        """Lets the server check keys, of which it knows none, while the context is open."""
        _post(self.settings.endpoint_url, "reset-auth", b"0")
        try:
            yield
        finally:
            _post(self.settings.endpoint_url, "reset-auth", b"inf")

    def environment(self) -> dict[str, str]:
        """Returns the variables by which a process of its own reaches the server."""
        return {
            "METERHOUSE_OBJECT_STORE_ENDPOINT_URL": self.settings.endpoint_url,
            "METERHOUSE_OBJECT_STORE_KEY": self.settings.key,
            "METERHOUSE_OBJECT_STORE_SECRET": self.settings.secret.get_secret_value(),
            "METERHOUSE_OBJECT_STORE_REGION": "us-east-1",
        }


@contextmanager
def serving() -> Iterator[StoreServer]:
    """Serves while the context is open."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    _post(f"http://{host}:{port}", "reset")  # what it serves belongs to the whole process
    secret = "not shown anywhere"
    settings = ObjectStoreSettings(
        endpoint_url=f"http://{host}:{port}",
        key="test-key",
        secret=secret,
        region="us-east-1",
        connect_seconds=5,
    )
    client = boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
    )
    try:
        client.create_bucket(Bucket=BUCKET)
        yield StoreServer(settings, client)
    finally:
        server.stop()


def _post(server: str, command: str, data: bytes = b"") -> None:
    request = urllib.request.Request(
        f"{server}/moto-api/{command}", data, {"Content-Type": "text/plain"}, method="POST"
    )
    urllib.request.urlopen(request).close()
