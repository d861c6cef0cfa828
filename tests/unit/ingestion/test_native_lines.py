"""Native lines: each becomes an event or is rejected with its reason, and none harms another."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.contracts import EVENTS_SCHEMA, REJECTED_SCHEMA
from ingestion.native_lines import StrictLine, decode_lines, decode_strictly
from ingestion.rejections import Rejection, keep_raw_text, restore_raw_text
from ingestion.validator import Origin, Verdicts, validate_lines

ORIGIN = Origin(load_id=7, file_number=2, delivery_prefix="0123456789abcdef")
HEAD = '{"event_id":"e","customer_id":"c","event_type":"t","occurred_at":"2026-09-01T00:00:00Z"'
GOOD = (HEAD + ',"quantity":1}').encode()


def line(*, quantity: str = "1", properties: str = "{}", event_id: str = '"e"') -> bytes:
    text = HEAD.replace('"event_id":"e"', f'"event_id":{event_id}')
    return f'{text},"quantity":{quantity},"properties":{properties}}}'.encode()


def validate(*lines: bytes) -> Verdicts:
    return validate_lines(list(lines), first_line=1, origin=ORIGIN)


def test_an_event_becomes_a_row_of_the_raw_table() -> None:
    found = validate(line(quantity='"1.10"', properties='{"model": "a"}'))
    assert found.events.schema.equals(EVENTS_SCHEMA)
    assert found.rejected.schema.equals(REJECTED_SCHEMA)
    row = found.events.to_pylist()[0]
    assert row["delivery_id"] == "0123456789abcdef:1"
    assert (row["load_id"], row["file_number"], row["line_number"]) == (7, 2, 1)
    assert row["quantity"] == Decimal("1.1")
    assert row["properties"] == '{"model": "a"}'


def test_a_number_and_its_text_are_one_quantity_beyond_binary_precision() -> None:
    digits = "123456789012.123456789"
    found = validate(line(quantity=digits), line(quantity=f'"{digits}"'))
    assert found.events["quantity"].to_pylist() == [Decimal(digits)] * 2


REJECTED = {
    b"{}": "missing_field",
    b"[]": "malformed_row",
    b'"text"': "malformed_row",
    b"null": "malformed_row",
    b"{": "malformed_json",
    b"garbage": "malformed_json",
    GOOD + b"x": "malformed_json",
    GOOD + GOOD: "malformed_json",
    GOOD[:-1]: "malformed_json",
    GOOD[:-1] + b',"extra":1}': "malformed_row",
    GOOD[:-1] + b',"quantity":2}': "duplicate_key",
    GOOD[:-1] + b',"quantit\\u0079":2}': "duplicate_key",
    GOOD[:-1] + b',"properties":{},"properties":{}}': "duplicate_key",
    GOOD[:-1] + b',"properties":{"a":1},"propertie\\u0073":{"a":2}}': "duplicate_key",
    GOOD[:-1] + b',"properties":{"a":1,"a":2}}': "duplicate_key",
    GOOD[:-1] + b',"properties":{"a" :1,"b":2,"b":3}}': "duplicate_key",
    GOOD[:-1] + b',"properties":{"a":{"b":1,"b":2}}}': "duplicate_key",
    line(quantity="NaN"): "not_a_number",
    line(quantity="-Infinity"): "not_a_number",
    line(quantity='"NaN"'): "not_a_number",
    line(quantity="true"): "not_a_number",
    line(quantity="[1]"): "not_a_number",
    line(quantity='"1,5"'): "not_a_number",
    line(quantity='"null"'): "not_a_number",
    line(quantity="null"): "missing_field",
    line(quantity='""'): "missing_field",
    line(quantity="1e400"): "number_out_of_range",
    line(quantity="1" * 39): "number_out_of_range",
    line(quantity="0.1234567891"): "number_out_of_range",
    line(quantity="01"): "malformed_json",
    line(quantity="0x10"): "malformed_json",
    line(event_id='""'): "missing_field",
    line(event_id="null"): "missing_field",
    line(event_id="5"): "malformed_row",
    line(event_id='"' + "x" * 1025 + '"'): "invalid_text",
    line(event_id='"' + "\u00e9" * 513 + '"'): "invalid_text",
    line(event_id='"a\\u0000b"'): "invalid_text",
    line(event_id='"a\\ud800b"'): "invalid_text",
    line(event_id='"a\\udc00b"'): "invalid_text",
    line(properties="[]"): "malformed_row",
    line(properties='"a"'): "malformed_row",
    line(properties='{"a":"\\u0000"}'): "invalid_text",
    line(properties='{"\\ud800":1}'): "invalid_text",
    line(properties='{"a":1e999999}'): "number_out_of_range",
    line(properties='{"a":NaN}'): "malformed_json",
    line(properties='{"a":' + "[" * 40 + "]" * 40 + "}"): "malformed_json",
    line(properties='{"a":' + "[" * 20_000 + "]" * 20_000 + "}"): "malformed_json",
    b"\xff\xfe": "invalid_text",
    GOOD.replace(b'"e"', b'"\xff"'): "invalid_text",
    GOOD.replace(b'"e"', b'"\xed\xa0\x80"'): "invalid_text",
    line(properties="{}").replace(b"{}", b'{"a":"\xff"}'): "invalid_text",
    GOOD.replace(b'"e"', b'"a\x00b"'): "invalid_text",
    GOOD.replace(b'"e"', b'"a\x01b"'): "malformed_json",
    GOOD.replace(b'"2026-09-01T00:00:00Z"', b"1788220800"): "not_a_time",
    GOOD.replace(b"2026-09-01T", b"2026-02-30T"): "not_a_time",
    b"[" * 100_000: "malformed_json",
}


@pytest.mark.parametrize(("raw", "reason"), REJECTED.items())
def test_a_faulty_line_has_its_reason_and_harms_no_neighbour(raw: bytes, reason: str) -> None:
    found = validate(GOOD, raw, GOOD)
    assert found.events["line_number"].to_pylist() == [1, 3]
    row = found.rejected.to_pylist()[0]
    assert (row["reason"], row["line_number"]) == (reason, 2)
    assert restore_raw_text(row["raw_text"]) == raw
    assert row["detail"]
    assert "\x00" not in row["raw_text"] + row["detail"]


ACCEPTED_TEXTS = [
    "\uf0265",
    "\u202eabc",
    "\U0001f600",
    "'; drop table--",
    "{{ 7*7 }}",
    "<script>",
    "=HYPERLINK(1)",
    "../../x",
    "%s $1",
    "\x7f\u2028",
    " ",
    'quantity":1,"',
    "line\nbreak\r\ttab",
    "x" * 1024,
]


@pytest.mark.parametrize("text", ACCEPTED_TEXTS)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_odd_text_is_kept_as_it_is(text: str, *, is_ascii: bool) -> None:
    value = json.dumps(text, ensure_ascii=is_ascii)
    found = validate(line(event_id=value, properties=f'{{"a":{value}}}'))
    row = found.events.to_pylist()[0]
    assert row["event_id"] == text
    assert json.loads(row["properties"]) == {"a": text}


def test_blank_lines_and_carriage_returns_are_let_pass() -> None:
    found = validate(b"", GOOD + b"\r", b"\r", b"  ", b" " * 40, b"\t" + GOOD)
    assert found.events["line_number"].to_pylist() == [2, 6]
    assert found.rejected.num_rows == 0


def test_properties_may_be_absent_or_null() -> None:
    found = validate(GOOD, line(properties="null"), line(properties=" {} "))
    assert found.events["properties"].to_pylist() == ["{}"] * 3


def test_the_first_faulty_field_names_the_reason() -> None:
    found = validate(line(quantity="true", event_id='""'))
    assert found.rejected["reason"].to_pylist() == ["missing_field"]


json_texts = st.one_of(
    st.text(max_size=6).map(json.dumps),
    st.sampled_from(['"a"', "1", "1.5", "true", "null", "[]", '{"quantity":1}', "NaN", "1e9"]),
)
pairs = st.tuples(
    st.sampled_from(
        [
            *("event_id", "customer_id", "event_type", "occurred_at", "quantity", "properties"),
            *("quantit\\u0079", "other"),
        ]
    ),
    json_texts,
)
whole_line = st.builds(
    lambda found, quantity, extra: (
        "{"
        + ",".join(
            [*(f'"{key}":{quantity if key == "quantity" else value}' for key, value in found)]
            + [f'"{key}":{value}' for key, value in extra]
        )
        + "}"
    ).encode(),
    st.permutations(
        [
            ("event_id", '"e"'),
            ("customer_id", '"c"'),
            ("event_type", '"t"'),
            ("occurred_at", '"2026-09-01T00:00:00Z"'),
            ("quantity", "1"),
        ]
    ),
    json_texts,
    st.lists(pairs, max_size=2),
)
free_line = st.lists(pairs, max_size=7).map(
    lambda found: ("{" + ",".join(f'"{k}":{v}' for k, v in found) + "}").encode()
)
any_line = st.one_of(whole_line, whole_line, free_line, st.binary(max_size=30))


@settings(max_examples=300)
@given(st.lists(any_line.filter(lambda raw: b"\n" not in raw and raw.strip()), max_size=6))
def test_fast_decoder_agrees_with_the_strict_one(lines: list[bytes]) -> None:
    table, faults = decode_lines(lines)
    found = {row.pop("row"): row for row in table.to_pylist()}
    for row, raw in enumerate(lines):
        expected = decode_strictly(raw)
        if isinstance(expected, Rejection):
            assert faults[row] == expected
        else:
            assert isinstance(expected, StrictLine)
            wanted = {name: getattr(expected, name) for name in found[row]}
            assert found[row] == wanted


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_every_line_has_exactly_one_fate(lines: list[bytes]) -> None:
    found = validate(*lines)
    numbers = [*found.events["line_number"].to_pylist(), *found.rejected["line_number"].to_pylist()]
    kept = [row for row, raw in enumerate(lines, start=1) if raw.strip()]
    assert sorted(numbers) == kept


@given(st.one_of(st.binary(), st.text().map(str.encode), st.just(b"base64:abc")))
def test_raw_text_gives_back_every_byte(raw: bytes) -> None:
    text = keep_raw_text(raw)
    assert "\x00" not in text
    assert restore_raw_text(text.encode().decode()) == raw
