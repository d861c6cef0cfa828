"""Months and instants as users write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from warehouse import MeterhouseError


def month_start(period: str) -> date:
    """Reads a month written as YYYY-MM.

    Returns:
        Its first day.

    Raises:
        MeterhouseError: It is not written so.
    """
    try:
        return datetime.strptime(period, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise MeterhouseError(
            f"'{period}' is not a month.", remedy="write it as YYYY-MM, for example 2026-08"
        ) from error


def instant(written: str) -> datetime:
    """Reads an instant written in ISO 8601 with a zone; the current time when empty.

    Raises:
        MeterhouseError: It is not written so, or has no zone.
    """
    try:
        read = datetime.fromisoformat(written) if written else datetime.now(UTC)
    except ValueError as error:
        raise MeterhouseError(
            f"'{written}' is not an instant.", remedy="write it as 2026-09-04T00:00:00Z"
        ) from error
    if read.tzinfo is None:
        raise MeterhouseError(
            f"'{written}' has no time zone.", remedy="end it with Z or an offset such as +02:00"
        )
    return read
