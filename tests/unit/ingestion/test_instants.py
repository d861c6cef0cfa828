"""Times are exact UTC instants or have a reason; they are never moved and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.instants import parse_instant, parse_instants
from ingestion.mapped_times import parse_mapped_instants, parse_number_of_units, parse_wall_clock
from ingestion.mappings import InstantColumn
from ingestion.rejections import Rejection

EXACT = {
    "2026-09-01T12:00:00Z": datetime(2026, 9, 1, 12, tzinfo=UTC),
    "2026-09-01t12:00:00z": datetime(2026, 9, 1, 12, tzinfo=UTC),
    "2026-09-01 12:00:00.5Z": datetime(2026, 9, 1, 12, 0, 0, 500000, tzinfo=UTC),
    "2026-09-01T00:00:00.000001+14:00": datetime(2026, 8, 31, 10, 0, 0, 1, tzinfo=UTC),
    "2026-09-01T00:00:00-00:00": datetime(2026, 9, 1, tzinfo=UTC),
    "2026-09-01T05:45:00+05:45": datetime(2026, 9, 1, tzinfo=UTC),
    "2026-09-01T00:00:00.123456000Z": datetime(2026, 9, 1, 0, 0, 0, 123456, tzinfo=UTC),
    "2024-02-29T00:00:00Z": datetime(2024, 2, 29, tzinfo=UTC),
    "0001-01-01T00:00:00Z": datetime(1, 1, 1, tzinfo=UTC),
    "9999-12-31T23:59:59.999999Z": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
}
REJECTED = [
    "2026-09-01T12:00:00",
    "2026-09-01",
    "1788220800",
    "1788220800000",
    "2026-W36-2",
    "2026-W01",
    "2026-09-01T24:00:00Z",
    "2026-12-31T23:59:60Z",
    "2026-02-29T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-09-01T12:60:00Z",
    "2026-09-01T12:00Z",
    "2026-09-01T12:00:00+24:00",
    "2026-09-01T12:00:00+01:60",
    "2026-09-01T12:00:00+0100",
    "2026-09-01T12:00:00.1234567Z",
    "2026-09-01T12:00:00.Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-01:00",
    "\u0662\u0660\u0662\u0666-09-01T12:00:00Z",
    "2026-09-01T12:00:00Z\n",
    " 2026-09-01T12:00:00Z",
]


@pytest.mark.parametrize(("text", "expected"), EXACT.items())
def test_parse_instant_is_exact(text: str, expected: datetime) -> None:
    assert parse_instant(text) == expected
    assert parse_instants(pa.array([text])).values.to_pylist() == [expected]


@pytest.mark.parametrize("text", REJECTED)
def test_parse_instant_gives_the_reason(text: str) -> None:
    found = parse_instant(text)
    assert isinstance(found, Rejection)
    assert found.reason == "not_a_time"
    good = "2026-09-01T00:00:00Z"
    column = parse_instants(pa.array([good, text, good]))
    assert column.faults == {1: found}
    assert column.values.null_count == 1


def test_a_missing_time_is_a_missing_field() -> None:
    column = parse_instants(pa.array([None, ""], pa.string()))
    assert {fault.reason for fault in column.faults.values()} == {"missing_field"}


time_like = st.one_of(
    st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    st.from_regex(
        r"(19|20|21)[0-9]{2}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
        r"(\.[0-9]{1,8})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])?",
        fullmatch=True,
    ),
    st.text(max_size=8),
)


@given(st.lists(time_like, max_size=8))
def test_column_and_single_rule_agree(texts: list[str]) -> None:
    column = parse_instants(pa.array(texts, pa.string()))
    for row, text in enumerate(texts):
        expected = parse_instant(text)
        assert column.faults.get(row, column.values[row].as_py()) == expected


OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("text", "ambiguous", "expected"),
    [
        ("2020-07-01 12:00:00", "reject", "2020-07-01T10:00:00Z"),
        ("2020-01-01 12:00:00.25", "reject", "2020-01-01T11:00:00.250000Z"),
        ("2019-10-27 02:30:00", "earlier", "2019-10-27T00:30:00Z"),
        ("2019-10-27 02:30:00", "later", "2019-10-27T01:30:00Z"),
        ("2019-10-27 03:00:00", "reject", "2019-10-27T02:00:00Z"),
    ],
)
def test_wall_clocks_of_a_zone(text: str, ambiguous: str, expected: str) -> None:
    found = parse_wall_clock(text, time_format=None, zone=OSLO, ambiguous=ambiguous)
    assert found == parse_instant(expected)


@pytest.mark.parametrize(
    ("text", "ambiguous", "word"),
    [
        ("2019-10-27 02:30:00", "reject", "ambiguous"),
        ("2021-03-28 02:30:00", "reject", "skips"),
        ("2021-03-28 02:30:00", "earlier", "skips"),
        ("2021-03-28 02:30:00", "later", "skips"),
        ("2021-02-30 02:30:00", "reject", "is no time"),
        ("2021-03-28T02:30:00Z", "reject", "wall-clock"),
        ("2021-03-28 24:00:00", "reject", "is no time"),
    ],
)
def test_wall_clocks_are_not_guessed(text: str, ambiguous: str, word: str) -> None:
    found = parse_wall_clock(text, time_format=None, zone=OSLO, ambiguous=ambiguous)
    assert isinstance(found, Rejection)
    assert found.reason == "not_a_time"
    assert word in found.detail


def test_own_formats() -> None:
    rule = InstantColumn(column="at", format="%d.%m.%Y %H:%M", zone="Europe/Berlin")
    column = parse_mapped_instants(pa.array(["01.09.2026 14:00", "30.02.2026 14:00"]), rule)
    assert column.values.to_pylist() == [datetime(2026, 9, 1, 12, tzinfo=UTC), None]
    assert column.faults[1].reason == "not_a_time"
    with_offset = InstantColumn(column="at", format="%d/%m/%Y %H:%M %z")
    column = parse_mapped_instants(pa.array(["01/09/2026 14:00 +0200"]), with_offset)
    assert column.values.to_pylist() == [datetime(2026, 9, 1, 12, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("0", "s", "2026-09-01T00:00:00Z"),
        ("600", "s", "2026-09-01T00:10:00Z"),
        ("-1", "ms", "2026-08-31T23:59:59.999Z"),
        ("1.500000", "s", "2026-09-01T00:00:01.5Z"),
        ("1.2345", "ms", None),
        ("0.5", "us", None),
        ("99999999999", "s", "5195-07-17T09:46:39Z"),
        ("999999999999999999", "s", None),
        ("1e3", "s", None),
        ("0x10", "s", None),
    ],
)
def test_numbers_since_an_anchor(text: str, unit: str, expected: str | None) -> None:
    rule = InstantColumn(column="at", unit=unit, anchor="2026-09-01T00:00:00Z")
    column = parse_mapped_instants(pa.array([text]), rule)
    if expected is None:
        assert column.faults[0].reason == "not_a_time"
    else:
        assert column.values[0].as_py() == parse_instant(expected)


@given(st.lists(st.integers(-(10**12), 10**12), max_size=6), st.sampled_from(["s", "ms", "us"]))
def test_numbers_agree_with_the_single_rule(numbers: list[int], unit: str) -> None:
    rule = InstantColumn(column="at", unit=unit)
    texts = [str(number) for number in numbers]
    column = parse_mapped_instants(pa.array(texts, pa.string()), rule)
    for row, text in enumerate(texts):
        expected = parse_number_of_units(text, unit=unit, anchor=rule.anchor_instant())
        assert column.faults.get(row, column.values[row].as_py()) == expected
