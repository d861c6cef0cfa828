"""Times as others write them: wall clocks of a zone, own formats, numbers since an anchor."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.columns import ParsedColumn, parse_distinct
from ingestion.contracts import Reason
from ingestion.instants import (
    INSTANT_TYPE,
    MICROSECOND,
    parse_instants,
    read_microseconds,
    reject_time,
)
from ingestion.mappings import InstantColumn
from ingestion.rejections import Rejection

_UNIT_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_PLAIN_DIGITS = {"s": 11, "ms": 14, "us": 17}
_UNIT_DIGITS = {"s": 6, "ms": 3, "us": 0}
_NUMBER = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,30}))?")
_LOCAL = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_mapped_instants(texts: pa.Array, column: InstantColumn) -> ParsedColumn:
    """Reads a column of times as the mapping declares it.

    Args:
        texts: The texts; null where there is none.
        column: What the mapping says of them.

    Returns:
        timestamp[us, UTC] values, and the faults of the rows that have none.
    """
    if column.unit:
        return _parse_numbers(texts, column)
    if column.zone is None and column.format in (None, "rfc3339"):
        return parse_instants(texts)
    zone = ZoneInfo(column.zone) if column.zone else None
    rule = partial(
        parse_wall_clock, time_format=column.format, zone=zone, ambiguous=column.ambiguous
    )
    return parse_distinct(texts, target=INSTANT_TYPE, parse_one=rule)


def parse_wall_clock(
    text: str | None, *, time_format: str | None, zone: ZoneInfo | None, ambiguous: str
) -> datetime | Rejection:
    """Reads one time in a declared format.

    A time that the zone skips is rejected always; one that it has twice unless the mapping declares
    which of them is meant.

    Args:
        text: The text, or None when there is none.
        time_format: Format of strptime; None for `YYYY-MM-DD hh:mm:ss` with an optional fraction.
        zone: Zone of the wall clock; None when the format has %z.
        ambiguous: `reject`, `earlier` or `later`.

    Returns:
        The instant in UTC, or why it is none.
    """
    if text is None or text == "":
        return Rejection(Reason.MISSING_FIELD, "occurred_at is missing")
    try:
        if time_format is not None:
            local = datetime.strptime(text, time_format)  # noqa: DTZ007  the zone comes below
        else:
            found = _read_local(text)
            if isinstance(found, Rejection):
                return found
            local = found
        if zone is None:
            return local.astimezone(UTC)
        return _settle(text, local, zone, ambiguous)
    except (ValueError, OverflowError) as error:
        return reject_time(text, f"is no time: {error}")


def parse_number_of_units(text: str | None, *, unit: str, anchor: datetime) -> datetime | Rejection:
    """Reads one number of seconds, milliseconds or microseconds since an anchor.

    Args:
        text: The number, in ASCII digits, or None when there is none.
        unit: `s`, `ms` or `us`.
        anchor: What it counts from.

    Returns:
        The instant in UTC, or why it is none; never rounded.
    """
    if text is None or text == "":
        return Rejection(Reason.MISSING_FIELD, "occurred_at is missing")
    match = _NUMBER.fullmatch(text)
    if match is None:
        return reject_time(text, f"is not a number of {unit}")
    sign, whole, fraction = match.groups(default="")
    digits = fraction.rstrip("0")
    if len(digits) > _UNIT_DIGITS[unit]:
        return reject_time(text, "is finer than microseconds")
    count = int(whole + digits.ljust(_UNIT_DIGITS[unit], "0"))
    try:
        return anchor + timedelta(microseconds=-count if sign else count)
    except OverflowError:
        return reject_time(text, "is outside the years 1 to 9999")


def _parse_numbers(texts: pa.Array, column: InstantColumn) -> ParsedColumn:
    unit, anchor = str(column.unit), column.anchor_instant()
    plain = f"^-?[0-9]{{1,{_PLAIN_DIGITS[unit]}}}$"
    is_plain = pc.all(pc.match_substring_regex(texts, plain), min_count=0).as_py()
    if texts.null_count == 0 and is_plain and _is_within(texts, unit, anchor):
        start = (anchor - _EPOCH) // MICROSECOND
        counted = pc.multiply(texts.cast(pa.int64()), _UNIT_MICROSECONDS[unit])
        return ParsedColumn(pc.add(counted, start).cast(INSTANT_TYPE))
    rule = partial(parse_number_of_units, unit=unit, anchor=anchor)
    return parse_distinct(texts, target=INSTANT_TYPE, parse_one=rule)


def _is_within(texts: pa.Array, unit: str, anchor: datetime) -> bool:
    """Whether the smallest and the largest number are instants: then all are."""
    extent = pc.min_max(texts.cast(pa.int64())).as_py()
    ends = (end for end in extent.values() if end is not None)
    found = (parse_number_of_units(str(end), unit=unit, anchor=anchor) for end in ends)
    return not any(isinstance(item, Rejection) for item in found)


def _read_local(text: str) -> datetime | Rejection:
    match = _LOCAL.fullmatch(text)
    if match is None:
        return reject_time(text, "is not a wall-clock time YYYY-MM-DD hh:mm:ss")
    *fields, fraction = match.groups()
    microsecond = read_microseconds(fraction)
    if microsecond is None:
        return reject_time(text, "is finer than microseconds")
    return datetime(*(int(part) for part in fields), microsecond)  # noqa: DTZ001  wall clock


def _settle(text: str, local: datetime, zone: ZoneInfo, ambiguous: str) -> datetime | Rejection:
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if first.astimezone(zone).replace(tzinfo=None) != local:
        return reject_time(text, f"does not exist in {zone.key}: the clock skips it")
    if ambiguous == "reject":
        return reject_time(text, f"is ambiguous in {zone.key}: the clock shows it twice")
    return min(first, second) if ambiguous == "earlier" else max(first, second)
