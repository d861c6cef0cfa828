"""A collector that runs in a process of its own, for tests."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ingestion.collector.keys import create_key
from ingestion.collector.settings import CollectorSettings
from tests.conftest import PROJECT_ROOT

NDJSON = "application/x-ndjson"
SERVE = "from ingestion.collector.serving import serve; serve()"


@dataclass(frozen=True)
class Reply:
    """What a collector answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.body)

    @property
    def outcomes(self) -> list[str]:
        return [event.get("reason", event["outcome"]) for event in self.json["events"]]


def event_line(event_id: str, *, customer: str = "acme", quantity: object = 1) -> bytes:
    """One good native line."""
    fields = {"event_id": event_id, "customer_id": customer, "event_type": "api.request"}
    fields |= {"occurred_at": "2026-11-20T10:00:00Z", "quantity": quantity}
    return json.dumps(fields).encode()


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RunningCollector:
    """A collector on a free port of this machine, with the settings that are given."""

    def __init__(self, state_dir: Path, **changes: object) -> None:
        self.settings = CollectorSettings(
            **{"free_bytes": 1 << 20, "segment_seconds": 1, "key_reload_seconds": 0, **changes},
            state_dir=state_dir,
            port=find_port(),
        )
        self.spool = self.settings.spool
        self.process: subprocess.Popen[bytes] | None = None
        self.errors = state_dir / "stderr.txt"

    def start(self, *, crash_at: str = "") -> RunningCollector:
        values = self.settings.model_dump(exclude={"state_dir"}, exclude_none=True)
        environment = {
            **os.environ,
            **{f"METERHOUSE_COLLECTOR_{name.upper()}": str(v) for name, v in values.items()},
            "METERHOUSE_STATE_DIR": str(self.settings.state_dir),
            "METERHOUSE_CRASH_AT": crash_at,
            "PYTHONPATH": str(PROJECT_ROOT),
        }
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVE], env=environment, stderr=errors
            )
        for _ in range(300):
            assert self.process.poll() is None, self.errors.read_text()
            try:
                self.get("/healthz")
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise AssertionError("the collector did not start")

    def key(self, name: str = "client", **wishes: object) -> str:
        return create_key(self.settings, name=name, **{"customers": ["*"], **wishes}).secret

    def connect(self, *, seconds: int = 30) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=seconds)

    def get(self, path: str, *, method: str = "GET") -> Reply:
        connection = self.connect()
        connection.request(method, path)
        return read_reply(connection)

    def post(
        self, body: object, *, key: str, media_type: str | None = NDJSON, **headers: str
    ) -> Reply:
        """Posts a batch; header names are written with underscores."""
        connection = self.connect()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if media_type is not None:
            named["content-type"] = media_type
        named = {"authorization": f"Bearer {key}", **named}
        # a body that is refused before it was sent whole has its answer all the same
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", "/v1/events", body=body, headers=named)
        return read_reply(connection)

    def stop(self) -> int:
        """Stops the collector as a supervisor does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def resident_bytes(self, *, peak: bool = False) -> int:
        assert self.process is not None
        name = "VmHWM" if peak else "VmRSS"
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(ln.split()[1]) for ln in text.splitlines() if ln.startswith(name)) * 1024

    def spooled_lines(self) -> list[bytes]:
        """The lines of all ready segments."""
        found = b"".join(path.read_bytes() for path in sorted(self.spool.glob("*.jsonl")))
        return [line for line in found.split(b"\n") if line.strip()]


def read_reply(connection: http.client.HTTPConnection) -> Reply:
    response = connection.getresponse()
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    connection.close()
    return Reply(response.status, headers, body)
