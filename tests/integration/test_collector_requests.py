"""What a running collector answers, and what it refuses."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from ingestion.collector.keys import revoke_key
from tests.integration.collector_server import NDJSON, RunningCollector, event_line

MIB = 1 << 20
LIMITS = {
    "max_body_bytes": 2 * MIB,
    "max_content_bytes": 8 * MIB,
    "max_pending_bytes": 32 * MIB,
    "max_batch_events": 1000,
    "max_header_bytes": 16384,
    "request_seconds": 2,
}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    running = RunningCollector(tmp_path_factory.mktemp("collector"), **LIMITS).start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def key(collector: RunningCollector) -> str:
    return collector.key()


def zstd(content: bytes) -> bytes:
    return pa.compress(content, "zstd", asbytes=True)


def metric(collector: RunningCollector, line: str) -> int:
    text = collector.get("/metrics").body.decode()
    found = [row for row in text.splitlines() if row.startswith(f"meterhouse_collector_{line} ")]
    return int(found[0].split()[-1]) if found else 0


def test_every_event_has_its_outcome(collector: RunningCollector, key: str) -> None:
    lines = [event_line("a"), b"{", event_line("b", quantity="x"), event_line("c")]
    reply = collector.post(b"\n".join(lines), key=key)
    assert reply.status == 202
    assert reply.outcomes == ["accepted", "malformed_json", "not_a_number", "accepted"]
    counts = {name: reply.json[name] for name in ("received", "accepted", "rejected", "forbidden")}
    assert counts == {"received": 4, "accepted": 2, "rejected": 2, "forbidden": 0}


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("zstd", zstd)])
def test_compressed_bodies_are_taken(
    collector: RunningCollector, key: str, encoding: str, compress: object
) -> None:
    body = compress(event_line("a") + b"\n" + event_line("b"))  # type: ignore[operator]
    reply = collector.post(body, key=key, content_encoding=encoding)
    assert (reply.status, reply.outcomes) == (202, ["accepted"] * 2)


@pytest.mark.parametrize(
    ("body", "media_type", "headers", "status"),
    [
        (event_line("a"), None, {}, 415),
        (event_line("a"), "text/plain", {}, 415),
        (event_line("a"), "application/json", {"ce_specversion": "1.0"}, 415),
        (event_line("a"), NDJSON, {"content_encoding": "br"}, 415),
        (gzip.compress(b"x", mtime=0), NDJSON, {"content_encoding": "gzip, gzip"}, 415),
        (b"junk", NDJSON, {"content_encoding": "gzip"}, 400),
        (b"", NDJSON, {}, 400),
        (b"{", "application/json", {}, 400),
        (event_line("a"), NDJSON, {"idempotency_key": ""}, 400),
        (event_line("a"), NDJSON, {"idempotency_key": "x" * 256}, 400),
        (b"x" * (2 * MIB + 1), NDJSON, {}, 413),
        (gzip.compress(bytes(9 * MIB), mtime=0), NDJSON, {"content_encoding": "gzip"}, 413),
        (b"{}\n" * 1001, NDJSON, {}, 413),
        (b"[" * 1000 + b"]" * 1000, "application/json", {}, 413),
    ],
)
def test_requests_that_cannot_be_taken_are_refused_whole(
    collector: RunningCollector,
    key: str,
    body: bytes,
    media_type: str | None,
    headers: dict[str, str],
    status: int,
) -> None:
    before = metric(collector, "spooled_bytes_total")
    reply = collector.post(body, key=key, media_type=media_type, **headers)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["status"] == status
    assert b"Traceback" not in reply.body
    assert metric(collector, "spooled_bytes_total") == before


def test_bodies_without_a_length_are_bounded_too(collector: RunningCollector, key: str) -> None:
    chunks = iter([b"x" * 65536] * 64)
    assert collector.post(chunks, key=key).status == 413
    assert collector.post(iter([event_line("a")]), key=key).status == 202


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer mhk_\xff"])
def test_unknown_keys_are_refused_before_the_body_is_read(
    collector: RunningCollector, header: str
) -> None:
    reply = collector.post(b"x" * MIB, key="", authorization=header)
    assert (reply.status, reply.json["code"]) == (401, "unknown_key")
    assert reply.headers["www-authenticate"] == "Bearer"


def test_keys_are_replaced_revoked_and_expire_while_it_runs(collector: RunningCollector) -> None:
    def status(secret: str) -> int:
        return collector.post(event_line("a"), key=secret).status

    old = collector.key("turning")
    assert status(old) == 202
    soon = datetime.now(UTC) + timedelta(seconds=2)
    new = collector.key("turning", expires_at=soon)
    assert (status(old), status(new)) == (202, 202)
    revoke_key(collector.settings, old.split("_")[1])
    assert (status(old), status(new)) == (401, 202)
    time.sleep(max(0, (soon - datetime.now(UTC)).total_seconds()))
    assert status(new) == 401


def test_a_key_sends_for_its_customers_only(collector: RunningCollector) -> None:
    scoped = collector.key("scoped", customers=["acme", "eu-*"])
    mixed = b"\n".join(
        [
            event_line("mine-1"),
            event_line("theirs-1", customer="rival"),
            b"{",
            event_line("mine-2", customer="eu-7"),
        ]
    )
    reply = collector.post(mixed, key=scoped)
    assert reply.status == 202
    assert reply.outcomes == ["accepted", "forbidden_customer", "malformed_json", "accepted"]
    reply = collector.post(event_line("theirs-2", customer="rival"), key=scoped)
    assert (reply.status, reply.outcomes) == (403, ["forbidden_customer"])
    assert reply.json["batch_id"] == ""
    time.sleep(1.5)
    collector.post(event_line("later"), key=scoped)
    found = b"".join(collector.spooled_lines())
    assert b"mine-1" in found
    assert b"mine-2" in found
    assert b"theirs" not in found


def test_a_key_beyond_its_rate_is_told_when_to_come_back(
    collector: RunningCollector, key: str
) -> None:
    slow = collector.key("slow", events_per_second=10, burst_events=20)
    batch = b"\n".join(event_line(f"slow-{n}") for n in range(25))
    assert collector.post(batch, key=slow).status == 202
    reply = collector.post(event_line("next"), key=slow)
    assert (reply.status, reply.headers["retry-after"]) == (429, "1")
    assert collector.post(event_line("other key"), key=key).status == 202
    time.sleep(1.1)
    assert collector.post(event_line("next"), key=slow).status == 202


def test_the_same_key_and_body_get_the_same_answer_once(
    collector: RunningCollector, key: str
) -> None:
    body = event_line("once") + b"\n{"
    first = collector.post(body, key=key, idempotency_key="k-1")
    before = metric(collector, "spooled_bytes_total")
    again = collector.post(
        gzip.compress(body, mtime=0), key=key, idempotency_key="k-1", content_encoding="gzip"
    )
    assert (first.status, again.body) == (202, first.body)
    assert metric(collector, "spooled_bytes_total") == before
    other = collector.post(event_line("other"), key=key, idempotency_key="k-1")
    assert (other.status, other.json["code"]) == (409, "idempotency_key_reused")
    foreign = collector.post(body, key=collector.key("foreign"), idempotency_key="k-1")
    assert (foreign.status, foreign.body == first.body) == (202, False)


def test_the_same_key_at_the_same_time_is_spooled_once(
    collector: RunningCollector, key: str
) -> None:
    before = metric(collector, 'events_total{outcome="accepted",reason=""}')
    bodies = [event_line("race-0")] * 8 + [event_line("race-1")] * 8
    with ThreadPoolExecutor(16) as pool:
        replies = list(
            pool.map(lambda body: collector.post(body, key=key, idempotency_key="race"), bodies)
        )
    taken = [reply for reply in replies if reply.status == 202]
    assert sorted(reply.status for reply in replies) == [202] * 8 + [409] * 8
    assert len({reply.body for reply in taken}) == 1
    assert metric(collector, 'events_total{outcome="accepted",reason=""}') == before + 1


def test_bombs_unfold_within_bounds(collector: RunningCollector, key: str) -> None:
    plain = bytes(512 * MIB)
    many = b"[" + b"0," * (4 * MIB - 2) + b"0]"
    bombs = [("gzip", gzip.compress(plain, 9, mtime=0)), ("zstd", zstd(plain))]
    deep = b'{"p":' + b"[" * MIB
    wide = b"[" + b"[]," * (600 * 1024) + b"[]]"
    plain_bombs = [("application/json", deep), ("application/json", wide), (NDJSON, b"\n" * MIB)]
    assert all(len(bomb) < 2 * MIB for _, bomb in bombs)
    collector.post(event_line("warm"), key=key)
    before = collector.resident_bytes()
    with ThreadPoolExecutor(8) as pool:
        sent = [
            pool.submit(collector.post, bomb, key=key, content_encoding=encoding)
            for encoding, bomb in bombs * 6
        ]
        sent += [
            pool.submit(collector.post, body, key=key, media_type=media_type)
            for media_type, body in plain_bombs
        ]
        statuses = {future.result().status for future in sent}
    assert statuses <= {400, 413, 503}
    assert 413 in statuses
    headers = {"media_type": "application/json", "content_encoding": "zstd"}
    assert collector.post(zstd(many), key=key, **headers).status == 413
    grown = collector.resident_bytes(peak=True) - before
    assert grown < 160 * MIB, f"grew by {grown // MIB} MiB"
    assert metric(collector, "pending_bytes") == 0
    assert collector.post(event_line("after"), key=key).status == 202


def test_slow_and_endless_senders_are_let_go(collector: RunningCollector, key: str) -> None:
    def send(*parts: bytes, pause: float = 0) -> bytes:
        with socket.create_connection(("127.0.0.1", collector.settings.port), 15) as client:
            answer = b""
            try:
                for part in parts:
                    client.sendall(part)
                    time.sleep(pause)
                while data := client.recv(65536):
                    answer += data
            except (BrokenPipeError, ConnectionResetError):
                pass
            return answer

    head = b"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\n" % key.encode()
    body = b"content-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n"
    with ThreadPoolExecutor(4) as pool:
        started = time.monotonic()
        silent = pool.submit(send, b"POST /v1")
        half = pool.submit(send, head, body, b"x" * 10)
        endless = pool.submit(send, head, *[b"x-%d: %s\r\n" % (n, b"y" * 900) for n in range(100)])
        junk = pool.submit(send, b"\x16\x03\x01\x02\x00\x01\x00 junk\r\n\r\n")
        assert silent.result() == b""
        assert half.result().startswith(b"HTTP/1.1 408")
        assert endless.result()[:12] in (b"HTTP/1.1 431", b"")
        assert junk.result().startswith(b"HTTP/1.1 400")
        assert time.monotonic() - started < 8


def test_other_doors(collector: RunningCollector) -> None:
    assert collector.get("/healthz").json == {"status": "ok"}
    assert collector.get("/readyz").json == {"status": "ready"}
    assert collector.get("/nowhere").status == 404
    refused = collector.get("/v1/events")
    assert (refused.status, refused.headers["allow"]) == (405, "POST")
    text = collector.get("/metrics").body.decode()
    values = [line.split()[-1] for line in text.splitlines() if not line.startswith("#")]
    assert values
    assert all(value.replace(".", "").isdigit() for value in values)
    buckets = [line for line in text.splitlines() if "fsync_seconds_bucket" in line]
    counts = [int(line.split()[-1]) for line in buckets]
    assert counts == sorted(counts)
    assert counts[-1] > 0


def test_nothing_crashed(collector: RunningCollector) -> None:
    """Runs last: whatever the tests before sent, no request failed inside."""
    assert metric(collector, 'requests_total{status="500"}') == 0
    assert "Traceback" not in collector.errors.read_text()
    assert json.loads(collector.get("/openapi.json").body)["openapi"] == "3.1.0"
