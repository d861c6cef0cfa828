"""The OpenAPI description holds: every documented answer is given, and each fits its schema."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.integration.collector_server import NDJSON, Reply, RunningCollector, event_line

MIB = 1 << 20
MEDIA_TYPES = [
    "application/json",
    NDJSON,
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
]
NAMES = st.sampled_from(
    [
        "event_id",
        "customer_id",
        "event_type",
        "occurred_at",
        "quantity",
        "properties",
        "specversion",
        "id",
        "source",
        "type",
        "subject",
        "time",
        "data",
        "datacontenttype",
        "data_base64",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["1.0", "2026-11-20T10:00:00Z", "1e400", "\x00", "\ud800", "application/json"]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner),
    max_leaves=20,
)
EVENTS = st.dictionaries(NAMES, SCALARS | VALUES, min_size=4)
TEXTS = (EVENTS | VALUES | st.lists(EVENTS, max_size=4)).map(lambda v: json.dumps(v).encode())
BODIES = TEXTS | st.lists(TEXTS, max_size=5).map(b"\n".join) | st.binary(max_size=200)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    limits = {"max_body_bytes": MIB, "max_content_bytes": MIB, "max_pending_bytes": 2 * MIB}
    limits |= {"max_batch_events": 50, "request_seconds": 1}
    running = RunningCollector(tmp_path_factory.mktemp("described"), **limits).start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def key(collector: RunningCollector) -> str:
    return collector.key(events_per_second=10**6, burst_events=10**6)


@pytest.fixture(scope="module")
def described(collector: RunningCollector) -> dict[str, object]:
    return collector.get("/openapi.json").json


def check(described: dict, reply: Reply, *, path: str = "/v1/events", method: str = "post") -> None:
    """Checks a reply against the description: status, media type, headers, body."""
    responses = described["paths"][path][method]["responses"]
    assert str(reply.status) in responses, f"{reply.status} is not described"
    response = responses[str(reply.status)]
    media_type = reply.headers["content-type"].partition(";")[0]
    assert media_type in response["content"], f"{media_type} is not described"
    for name, header in response.get("headers", {}).items():
        assert not header.get("required") or name.lower() in reply.headers
        number = int(reply.headers[name.lower()])
        Draft202012Validator(header["schema"]).validate(number)
    if media_type.endswith("json"):
        schema = {
            **response["content"][media_type]["schema"],
            "components": described["components"],
        }
        Draft202012Validator(schema).validate(reply.json)


@given(body=BODIES, media_type=st.sampled_from(MEDIA_TYPES))
@examples(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_sent_the_answer_is_described(
    collector: RunningCollector, key: str, described: dict, body: bytes, media_type: str
) -> None:
    reply = collector.post(body, key=key, media_type=media_type)
    assert reply.status in (202, 400, 413)
    check(described, reply)
    if reply.status == 202:
        counts = [reply.json[name] for name in ("accepted", "rejected", "forbidden")]
        assert sum(counts) == reply.json["received"] == len(reply.json["events"])
        assert [event["index"] for event in reply.json["events"]] == list(range(sum(counts)))


def send_slowly(collector: RunningCollector, key: str, *, size: int = 1) -> Reply:
    with socket.create_connection(("127.0.0.1", collector.settings.port), 20) as client:
        head = f"POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
        client.sendall(f"{head}content-type: {NDJSON}\r\ncontent-length: {MIB}\r\n\r\n".encode())
        client.sendall(b"x" * size)
        answer = b""
        while data := client.recv(65536):
            answer += data
    top, _, body = answer.partition(b"\r\n\r\n")
    lines = top.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return Reply(int(lines[0].split()[1]), headers, body)


def send_beside_others(collector: RunningCollector, key: str) -> Reply:
    """Sends while other bodies, half sent, take all the room."""
    with ThreadPoolExecutor(2) as pool:
        others = [pool.submit(send_slowly, collector, key, size=MIB - 100) for _ in range(2)]
        time.sleep(0.5)
        reply = collector.post(b"x" * 1000, key=key)
        assert [other.result().status for other in others] == [408, 408]
    return reply


def test_every_described_answer_is_given(
    collector: RunningCollector, key: str, described: dict
) -> None:
    scoped = collector.key("scoped", customers=["nobody"])
    slow = collector.key("slow", events_per_second=1, burst_events=1)
    good = event_line("a")
    assert collector.post(good, key=key, idempotency_key="k").status == 202
    assert collector.post(b"\n".join([good] * 30), key=slow).status == 202
    replies = {
        "202": collector.post(good, key=key),
        "400": collector.post(b"{", key=key, media_type="application/json"),
        "401": collector.post(good, key="wrong"),
        "403": collector.post(good, key=scoped),
        "408": send_slowly(collector, key),
        "409": collector.post(b"{}", key=key, idempotency_key="k"),
        "413": collector.post(b"{}\n" * 51, key=key),
        "415": collector.post(good, key=key, media_type="text/csv"),
        "429": collector.post(good, key=slow),
        "503": send_beside_others(collector, key),
    }
    for status, reply in replies.items():
        assert str(reply.status) == status
        check(described, reply)
    # 500 is described, and no request is known that gets it
    assert set(described["paths"]["/v1/events"]["post"]["responses"]) == {*replies, "500"}
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        check(described, collector.get(path), path=path, method="get")


def test_the_description_is_sound(described: dict) -> None:
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    text = json.dumps(described)
    referred = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert referred <= set(described["components"]["schemas"])
    example = described["components"]["schemas"]["UsageEvent"]["examples"][0]
    whole = {"$ref": "#/components/schemas/UsageEvent", "components": described["components"]}
    Draft202012Validator(whole).validate(example)


def test_the_example_is_accepted(collector: RunningCollector, key: str, described: dict) -> None:
    example = described["components"]["schemas"]["UsageEvent"]["examples"][0]
    reply = collector.post(json.dumps(example), key=key, media_type="application/json")
    assert reply.outcomes == ["accepted"]
