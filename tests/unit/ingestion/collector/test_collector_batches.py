"""What requests are split into: native lines, whatever their media type."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.collector.batches import (
    CLOUD_EVENT,
    CLOUD_EVENT_BATCH,
    JSON,
    NDJSON,
    BatchLimits,
    choose_media_type,
    split_batch,
)
from ingestion.collector.faults import RequestFaultError
from ingestion.collector.judging import judge_lines
from ingestion.collector.nesting import measure_structure

LIMITS = BatchLimits(max_events=20, max_nesting=8)
EVENT = {
    "event_id": "e-1",
    "customer_id": "acme",
    "event_type": "api.request",
    "occurred_at": "2026-11-20T10:00:00Z",
    "quantity": "1.50",
}
CLOUD = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/gateway",
    "type": "api.request",
    "subject": "acme",
    "time": "2026-11-20T10:00:00Z",
    "data": {"quantity": "1.50"},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def status_of(content: bytes, media_type: str, limits: BatchLimits = LIMITS) -> int:
    with pytest.raises(RequestFaultError) as caught:
        split_batch(content, media_type, limits=limits)
    return caught.value.status


def reason_of(cloud: object) -> tuple[str, str]:
    events = split_batch(json.dumps(cloud).encode(), CLOUD_EVENT, limits=LIMITS)
    rejection = judge_lines(events.lines).rejections.get(0)
    return (rejection.reason.value if rejection else ""), events.notes.get(0, "")


@given(st.lists(VALUES, min_size=1, max_size=20), st.sampled_from([None, 2]))
@settings(deadline=None)
def test_an_array_is_split_into_its_items_each_on_a_line(
    items: list[object], indent: int | None
) -> None:
    limits = BatchLimits(max_events=20, max_nesting=100)
    events = split_batch(json.dumps(items, indent=indent).encode(), JSON, limits=limits)
    assert [json.loads(line) for line in events.lines] == items
    assert not any(b"\n" in line or b"\r" in line for line in events.lines)


def test_ndjson_is_kept_byte_for_byte_and_blank_lines_are_passed_over() -> None:
    content = b'\xef\xbb\xbf{"a": 1.10}\r\n\n  \t\n\xff\x00junk\n {"b":2} '
    events = split_batch(content, NDJSON, limits=LIMITS)
    assert events.lines == [b'{"a": 1.10}\r', b"\xff\x00junk", b' {"b":2} ']


def test_one_json_event_may_stand_on_several_lines() -> None:
    events = split_batch(json.dumps(EVENT, indent=4).encode(), JSON, limits=LIMITS)
    assert len(events.lines) == 1
    assert json.loads(events.lines[0]) == EVENT
    assert judge_lines(events.lines).customers == {0: "acme"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   ",
        b"{",
        b"5",
        b'"x"',
        b"null",
        b"[]",
        b"[1,]",
        b"[NaN]",
        b'[{"a":"x\ny"}]',
        b"\xff",
    ],
)
def test_what_is_no_json_or_holds_no_event_is_malformed(content: bytes) -> None:
    assert status_of(content, JSON) == 400


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \r\n"])
def test_ndjson_without_an_event_is_malformed(content: bytes) -> None:
    assert status_of(content, NDJSON) == 400


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"{}\n" * 21, NDJSON),
        (b"\n" * 21, NDJSON),
        (b"[" + b"1," * 20 + b"1]", JSON),
        (b"[" + b"{}," * 30 + b"{}]", CLOUD_EVENT_BATCH),
        (b'{"p":' + b"[" * 8 + b"]" * 8 + b"}", JSON),
        (b"[1," + b"[" * 9 + b"]" * 9 + b"]", JSON),
        (b'{}\n{"p":' + b'{"a":' * 8 + b"1" + b"}" * 8 + b"}", NDJSON),
        (b"[" * 100_000, JSON),
        (b'{"a":' * 100_000, CLOUD_EVENT),
    ],
)
def test_beyond_a_limit_is_too_large(content: bytes, media_type: str) -> None:
    assert status_of(content, media_type) == 413


def test_brackets_in_strings_are_no_nesting_and_commas_in_them_no_items() -> None:
    text = '{"p":"' + "[{" * 50 + ',\\"' * 50 + '\\\\"}'
    assert measure_structure(text.encode()).depth == 1
    assert split_batch(text.encode(), JSON, limits=LIMITS).lines == [text.encode()]
    many_commas = json.dumps(["a,b,c,d,e" for _ in range(20)]).encode()
    assert len(split_batch(many_commas, JSON, limits=LIMITS).lines) == 20


@given(VALUES)
@settings(deadline=None)
def test_the_outline_of_json_is_measured_exactly(value: object) -> None:
    def depth(found: object) -> int:
        if isinstance(found, dict | list):
            inner = found.values() if isinstance(found, dict) else found
            return 1 + max(map(depth, inner), default=0)
        return 0

    wrapped = [value, value]
    found = measure_structure(json.dumps(wrapped, ensure_ascii=False).encode())
    assert (found.depth, found.item_count) == (depth(wrapped), 2)


def test_the_outline_of_a_long_text_does_not_depend_on_blocks() -> None:
    text = b"[" + b",".join([b'{"a":[1,2]}'] * 400_000) + b"]"
    found = measure_structure(text)
    assert (found.depth, found.item_count) == (3, 400_000)


@pytest.mark.parametrize("header", ["application/json; charset=UTF-8", "Application/JSON"])
def test_media_types_are_taken_with_a_charset_of_utf_8(header: str) -> None:
    assert choose_media_type(header, is_binary_mode=False) == JSON


@pytest.mark.parametrize("header", [None, "", "text/csv", "application/json; charset=utf-16"])
def test_other_media_types_are_refused(header: str | None) -> None:
    with pytest.raises(RequestFaultError) as caught:
        choose_media_type(header, is_binary_mode=False)
    assert caught.value.status == 415


def test_a_cloud_event_becomes_the_same_line_as_the_native_event() -> None:
    line = split_batch(json.dumps(CLOUD).encode(), CLOUD_EVENT, limits=LIMITS).lines[0]
    assert json.loads(line) == {**EVENT, "properties": {}}


@pytest.mark.parametrize(
    ("data", "properties"),
    [
        ({"quantity": 1, "region": "eu", "size": 2}, {"region": "eu", "size": 2}),
        ({"quantity": 1, "properties": {"region": "eu"}}, {"region": "eu"}),
        ({"quantity": 1, "properties": None}, None),
        ({"quantity": 1}, {}),
    ],
)
def test_properties_are_named_or_all_other_members(data: object, properties: object) -> None:
    cloud = json.dumps({**CLOUD, "data": data, "traceparent": "00-1", "dataschema": "x"})
    line = split_batch(cloud.encode(), CLOUD_EVENT, limits=LIMITS).lines[0]
    assert json.loads(line)["properties"] == properties
    assert judge_lines([line]).customers == {0: "acme"}


def test_digits_of_a_cloud_event_are_kept() -> None:
    text = json.dumps(CLOUD).replace('"1.50"', '1.10,"n":123456789012.12345678901234567890')
    line = split_batch(text.encode(), CLOUD_EVENT, limits=LIMITS).lines[0]
    assert b'"quantity":1.10,' in line
    assert b"123456789012.12345678901234567890" in line


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": 1.0}, "specversion"),
        ({"specversion": None}, "specversion"),
        ({"source": ""}, "source"),
        ({"data": None}, "data is not"),
        ({"data": [1]}, "data is not"),
        ({"data_base64": "AA=="}, "data is not"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"data": {"quantity": 1, "properties": {}, "x": 1}}, "other members"),
    ],
)
def test_what_cannot_be_mapped_is_rejected_whole(change: dict[str, object], note: str) -> None:
    reason, said = reason_of({**CLOUD, **change})
    assert reason == "malformed_row"
    assert note in said


def test_a_native_event_is_no_cloud_event() -> None:
    assert reason_of(EVENT)[0] == "malformed_row"


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("id", "missing_field"), ("subject", "missing_field"), ("time", "missing_field")],
)
def test_missing_attributes_are_found_by_the_validator(missing: str, reason: str) -> None:
    cloud = {name: value for name, value in CLOUD.items() if name != missing}
    assert reason_of(cloud) == (reason, "")


def test_a_repeated_attribute_is_never_resolved_by_taking_the_last() -> None:
    text = json.dumps(CLOUD).replace('"id":', '"id": "other", "id":')
    events = split_batch(text.encode(), CLOUD_EVENT, limits=LIMITS)
    assert judge_lines(events.lines).rejections[0].reason.value == "duplicate_key"
