"""The bad-input list: each case with the event lines that it sends and the fates that they get."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

WHEN = "2026-09-10T12:00:00Z"
ACCEPTED = "accepted"
HOSTILE = (
    "'; drop table ops.event_fates; --",
    "{{ 7*7 }}{% raw %}",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://example.invalid")',
    "../../x",
    "%s%(x)s%n",
    "$1 :name ?",
    "a\\b\"c'd",
    "N/A null NaN",
)


@dataclass(frozen=True)
class Case:
    """One kind of bad input.

    Attributes:
        name: Its id in the list, and what it is.
        lines: What is sent, in order.
        fates: What becomes of each: `accepted`, `duplicate`, or the reason of the quarantine.
    """

    name: str
    lines: list[bytes] = field(repr=False)
    fates: list[str]


def line(event_id: str, **changes: object) -> bytes:
    """Returns one event; a change to None leaves the field out."""
    fields: dict[str, object] = {"event_id": event_id, "customer_id": "gold", "event_type": "call"}
    fields |= {"occurred_at": WHEN, "quantity": 1, **changes}
    kept = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass")


def raw(event_id: str, name: str, value: str) -> bytes:
    """Returns one event with the JSON of a value just as it is written."""
    return line(event_id, **{name: "@@"}).replace(b'"@@"', value.encode("utf-8", "surrogatepass"))


def one_each(name: str, field_name: str, values: dict[str, str]) -> Case:
    """Returns a case with one event for each JSON value."""
    lines = [raw(f"{name}-{n}", field_name, value) for n, value in enumerate(values)]
    return Case(name, lines, list(values.values()))


def cases() -> list[Case]:
    """Returns every case; ids of events are different between cases."""
    return [
        *_duplicates(),
        *_conflicts(),
        one_each("F07 quantities", "quantity", QUANTITIES),
        Case("F07 no quantity", [line("F07x", quantity=None)], ["missing_field"]),
        one_each("F08 times", "occurred_at", TIMES),
        *_texts(),
        *_hostile(),
        Case(
            "F22 months without a partition",
            [line("F22a", occurred_at="2000-01-01T00:00:00Z"), line("F22b", occurred_at=FAR)],
            [ACCEPTED, ACCEPTED],
        ),
    ]


FAR = "2026-11-01T00:00:00Z"
QUANTITIES = {
    "-1": ACCEPTED,
    "-0": ACCEPTED,
    "1.10": ACCEPTED,
    '"1.10"': ACCEPTED,
    "0.1": ACCEPTED,
    "123456789012345678.123456789": ACCEPTED,
    "12345678901234567890123456789.123456789": ACCEPTED,
    "99999999999999999999999999999.999999999": ACCEPTED,
    "123456789012345678901234567890": "number_out_of_range",
    "1e3": ACCEPTED,
    "NaN": "not_a_number",
    '"NaN"': "not_a_number",
    "Infinity": "not_a_number",
    '"-Infinity"': "not_a_number",
    "1e400": "number_out_of_range",
    "1e-30": "number_out_of_range",
    "1" * 39: "number_out_of_range",
    '"1,5"': "not_a_number",
    '"0x10"': "not_a_number",
    "true": "not_a_number",
    "null": "missing_field",
    '""': "missing_field",
    '"\u0661\u0662"': "not_a_number",
}
TIMES = {
    '"2026-09-10T12:00:00"': "not_a_time",
    "1789000000": "not_a_time",
    "1789000000000": "not_a_time",
    '"2026-W37-4"': "not_a_time",
    '"2026-09-10T24:00:00Z"': "not_a_time",
    '"2026-09-10T23:59:60Z"': "not_a_time",
    '"2026-02-29T00:00:00Z"': "not_a_time",
    '"2024-02-29T00:00:00Z"': ACCEPTED,
    '"2026-02-30T00:00:00Z"': "not_a_time",
    '"0001-01-01T00:00:00Z"': "time_out_of_range",
    '"9999-12-31T23:59:59Z"': "time_out_of_range",
    '"2026-09-10T12:00:00+14:00"': ACCEPTED,
    '"2099-01-01T00:00:00Z"': "time_out_of_range",
    "null": "missing_field",
}


def _duplicates() -> list[Case]:
    same = line("F05")
    apart = line("F05y", occurred_at="2025-08-06T00:00:00Z")
    return [
        Case("F05 a thousand times", [same] * 1000, [ACCEPTED, *["duplicate"] * 999]),
        Case("F05 400 days late and again", [apart, apart], [ACCEPTED, "duplicate"]),
    ]


def _conflicts() -> list[Case]:
    changes: dict[str, dict[str, object]] = {
        "quantity": {"quantity": 2},
        "month": {"occurred_at": "2026-08-20T00:00:00Z"},
        "meter": {"event_type": "job"},
        "property": {"properties": {"model": "b"}},
    }
    found = [
        Case(
            f"F06 another {name}",
            [line(f"F06{name}"), line(f"F06{name}", **change)],
            [ACCEPTED, "conflicting_duplicate"],
        )
        for name, change in changes.items()
    ]
    others = [line("F06", customer_id=name) for name in ("gold", "iron", "Gold", "gold ")]
    fates = [ACCEPTED, ACCEPTED, "unknown_customer", "unknown_customer"]
    return [*found, Case("F06 the same id of others", others, fates)]


def _texts() -> list[Case]:
    kept = {
        "private": "\uf026" + "5",
        "direction": "\u202e" + "txt",
        "four bytes": "\U0001f600",
        "mark": "\ufeff" + "x",
        "space": " x ",
        "combining": "e\u0301",
    }
    deep = "[" * 10_000 + "]" * 10_000
    return [
        Case(
            "F09 odd text is kept",
            [line(f"F09{text}", properties={"model": text}) for text in kept.values()],
            [ACCEPTED] * len(kept),
        ),
        Case(
            "F09 text that is none",
            [
                raw("F09nul", "event_type", '"a\\u0000b"'),
                raw("F09half", "event_type", '"\\ud800"'),
                line("F09utf").replace(b"gold", b"g\xffld"),
                b'{"event_id":"F09twice","event_id":"F09other",' + line("x")[1:],
                raw("F09deep", "properties", f'{{"a":{deep}}}'),
                line("F09long", properties={"a": "x" * (1 << 20)}),
                b"\x00",
            ],
            ["invalid_text", "invalid_text", "invalid_text", "duplicate_key", "*", "*", "*"],
        ),
    ]


def _hostile() -> list[Case]:
    return [
        Case(
            "F10 hostile ids and properties",
            [line(f"F10 {text}", properties={"model": text, text: text}) for text in HOSTILE],
            [ACCEPTED] * len(HOSTILE),
        ),
        Case(
            "F10 hostile customers and types",
            [line(f"F10c{n}", customer_id=text) for n, text in enumerate(HOSTILE)]
            + [line(f"F10t{n}", event_type=text) for n, text in enumerate(HOSTILE)],
            ["unknown_customer"] * len(HOSTILE) + ["unknown_event_type"] * len(HOSTILE),
        ),
    ]
