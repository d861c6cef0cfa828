"""Measures the collector: a server in a process of its own, a load generator in another.

Requests leave at their appointed times, whether earlier ones were answered or not, and latency
counts from the appointed time: a server that stalls is not spared. Every answer is read and its
counts are compared; what is in the spool in the end is counted too.

    python benchmarks/collector_load.py --json figures.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]
SERVER = "from ingestion.collector.serving import serve; serve()"
LINE = (
    '{"event_id":"%s-%d","customer_id":"customer-%d","event_type":"api.request",'
    '"occurred_at":"2026-11-20T10:%02d:%02d.123Z","quantity":%d,'
    '"properties":{"region":"eu-west","status":"ok"}}'
)


@dataclass(frozen=True)
class Shape:
    """One load: how many events a request has, and how many requests leave per second."""

    name: str
    batch_events: int
    requests_per_second: int
    media_type: str = "application/x-ndjson"


@dataclass
class Tally:
    """What came back."""

    latencies_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    accepted: int = 0


SHAPES = (
    Shape("batches_of_100", 100, 200),
    Shape("json_arrays_of_100", 100, 200, "application/json"),
    Shape("single_events", 1, 500),
)


def build_requests(shape: Shape, *, count: int, key: str, tag: str) -> list[bytes]:
    """Builds whole HTTP requests, so that the generator has nothing to do but send them."""
    requests = []
    for number in range(count):
        first = number * shape.batch_events
        lines = [
            LINE % (tag, n, n % 50, n // 60 % 60, n % 60, n % 7 + 1)
            for n in range(first, first + shape.batch_events)
        ]
        is_array = shape.media_type == "application/json"
        body = ("[" + ",".join(lines) + "]" if is_array else "\n".join(lines)).encode()
        head = (
            "POST /v1/events HTTP/1.1\r\nhost: collector\r\n"
            f"authorization: Bearer {key}\r\ncontent-type: {shape.media_type}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Reads one answer with a declared length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return int(head[9:12]), await reader.readexactly(length)


async def send_all(
    port: int, requests: list[bytes], shape: Shape, *, connections: int
) -> tuple[Tally, float]:
    """Sends every request at its time, over connections that are kept open."""
    tally = Tally()
    waiting: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (item := await waiting.get()) is not None:
            due, request = item
            try:
                writer.write(request)
                status, body = await read_answer(reader)
            except (OSError, asyncio.IncompleteReadError) as error:
                tally.errors[type(error).__name__] += 1
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                continue
            tally.latencies_ms.append((time.perf_counter() - due) * 1000)
            if status != 202:
                tally.errors[str(status)] += 1
                continue
            accepted = json.loads(body)["accepted"]
            tally.accepted += accepted
            if accepted != shape.batch_events:
                tally.errors["not_accepted"] += 1
        writer.close()

    workers = [asyncio.create_task(work()) for _ in range(connections)]
    await asyncio.sleep(0.2)
    started = time.perf_counter()
    for number, request in enumerate(requests):
        due = started + number / shape.requests_per_second
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        waiting.put_nowait((due, request))
    for _ in workers:
        waiting.put_nowait(None)
    await asyncio.gather(*workers)
    return tally, time.perf_counter() - started


def summarize(
    tally: Tally, shape: Shape, *, seconds: float, cpu_seconds: float
) -> dict[str, object]:
    """Turns a tally into figures."""
    ordered = sorted(tally.latencies_ms) or [0.0]

    def percentile(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)

    return {
        "name": shape.name,
        "media_type": shape.media_type,
        "batch_events": shape.batch_events,
        "requests": len(tally.latencies_ms),
        "offered_events_per_second": shape.batch_events * shape.requests_per_second,
        "events_per_second": round(tally.accepted / seconds),
        "seconds": round(seconds, 2),
        "server_cpu_share": round(cpu_seconds / seconds, 3),
        "latency_ms": {f"p{int(s * 100)}": percentile(s) for s in (0.5, 0.9, 0.95, 0.99, 1.0)},
        "errors": dict(tally.errors),
        "accepted_events": tally.accepted,
    }


def find_port() -> int:
    """Finds a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(state_dir: Path, port: int, *, cpu: int | None) -> subprocess.Popen[bytes]:
    """Starts a collector, on one core if asked, and waits until it is ready."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT_ROOT),
        "METERHOUSE_STATE_DIR": str(state_dir),
        "METERHOUSE_COLLECTOR_PORT": str(port),
    }
    pin = [] if cpu is None else ["taskset", "-c", str(cpu)]
    server = subprocess.Popen([*pin, sys.executable, "-c", SERVER], env=environment)
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return server
        except OSError:
            time.sleep(0.1)
    server.kill()
    raise SystemExit("the collector didn't become ready")


def read_cpu_seconds(process_id: int) -> float:
    """Reads the processor time that a process has used."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def count_spooled(state_dir: Path) -> int:
    """Counts the events in the ready segments."""
    segments = (state_dir / "collector" / "spool").glob("*.jsonl")
    return sum(file.read_bytes().count(b"\n") - 2 for file in segments)


def measure(arguments: argparse.Namespace, state_dir: Path) -> dict[str, object]:
    """Runs every shape against one server."""
    from ingestion.collector.keys import create_key
    from ingestion.collector.settings import CollectorSettings

    settings = CollectorSettings(state_dir=state_dir)
    key = create_key(
        settings, name="load", customers=["*"], events_per_second=10**6, burst_events=10**6
    ).secret
    port = find_port()
    server = start_server(state_dir, port, cpu=arguments.server_cpu)
    runs = []
    try:
        for shape in SHAPES:
            warm = build_requests(shape, count=shape.requests_per_second, key=key, tag="warm")
            warmed, _ = asyncio.run(send_all(port, warm, shape, connections=arguments.connections))
            count = shape.requests_per_second * arguments.seconds
            requests = build_requests(shape, count=count, key=key, tag=shape.name)
            before = read_cpu_seconds(server.pid)
            tally, seconds = asyncio.run(
                send_all(port, requests, shape, connections=arguments.connections)
            )
            used = read_cpu_seconds(server.pid) - before
            run = summarize(tally, shape, seconds=seconds, cpu_seconds=used)
            runs.append({**run, "warm_up_events": warmed.accepted})
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    acknowledged = sum(run["accepted_events"] + run["warm_up_events"] for run in runs)
    return {
        "runs": runs,
        "acknowledged_events": acknowledged,
        "spooled_events": count_spooled(state_dir),
        "load_average": os.getloadavg(),
    }


def main() -> None:
    """Measures, prints the figures, and writes them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=10, help="length of each run")
    parser.add_argument("--connections", type=int, default=64, help="connections kept open")
    parser.add_argument("--server-cpu", type=int, default=None, help="core to hold the server on")
    parser.add_argument("--json", type=Path, default=None, help="file for the figures")
    arguments = parser.parse_args()
    sys.path.insert(0, str(PROJECT_ROOT))
    with tempfile.TemporaryDirectory(prefix="meterhouse-collector-") as folder:
        figures = measure(arguments, Path(folder))
    text = json.dumps(figures, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
