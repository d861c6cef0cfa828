"""Times: exact UTC instants in microseconds or a reason, never moved and never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa

from ingestion.columns import ParsedColumn, parse_column
from ingestion.contracts import Reason
from ingestion.rejections import Rejection, quote_value

INSTANT_TYPE = pa.timestamp("us", "UTC")
MICROSECOND = timedelta(microseconds=1)
_PLAIN = (
    r"^(?:19|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})$"
)
_RFC_3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.([0-9]+))?([Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def reject_time(text: object, why: str) -> Rejection:
    """Says that a text is no time.

    Args:
        text: The text as it came.
        why: The fault, as the end of a sentence.

    Returns:
        The rejection.
    """
    return Rejection(Reason.NOT_A_TIME, f"occurred_at {quote_value(text)} {why}")


def read_microseconds(fraction: str | None) -> int | None:
    """Reads the digits after the decimal point of a second.

    Args:
        fraction: The digits, or None or nothing when there are none.

    Returns:
        Microseconds, or None when more than six digits matter.
    """
    digits = (fraction or "").rstrip("0")
    return None if len(digits) > 6 else int(digits.ljust(6, "0"))


def parse_instant(text: str | None) -> datetime | Rejection:
    """Reads one RFC 3339 time.

    The rule: `YYYY-MM-DDThh:mm:ss`, an optional fraction, and Z or an offset `+hh:mm`; the T may be
    a blank, T and Z may be small. A time without an offset, a bare number, a week date, 24:00, a
    leap second, a day that the month doesn't have, digits beyond microseconds (unless zero) and
    instants outside the years 1 to 9999 are `not_a_time`.

    Args:
        text: The text, or None when the field is absent.

    Returns:
        The instant in UTC, or why it is none.
    """
    if text is None or text == "":
        return Rejection(Reason.MISSING_FIELD, "occurred_at is missing")
    match = _RFC_3339.fullmatch(text)
    if match is None:
        return reject_time(text, "is not an RFC 3339 time with an offset or Z")
    *fields, fraction, zone, sign, hours, minutes = match.groups()
    microsecond = read_microseconds(fraction)
    if microsecond is None:
        return reject_time(text, "is finer than microseconds")
    offset = timedelta(0)
    if zone not in "Zz":
        if int(hours) > 23 or int(minutes) > 59:
            return reject_time(text, "has an offset of a day or more, or of 60 minutes or more")
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        return datetime(
            *(int(part) for part in fields), microsecond, tzinfo=timezone(offset)
        ).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        return reject_time(text, f"is no time: {error}")


def parse_instants(texts: pa.Array) -> ParsedColumn:
    """Reads a column of RFC 3339 times by the rule of `parse_instant`.

    Args:
        texts: The texts; null where the field is absent.

    Returns:
        timestamp[us, UTC] values, and the faults of the rows that have none.
    """
    return parse_column(texts, plain=_PLAIN, target=INSTANT_TYPE, parse_one=parse_instant)
