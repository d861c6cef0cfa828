"""Types of catalog fields: exact numbers, days, identifiers and texts, read from written text."""

from __future__ import annotations

import difflib
import re
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

NUMBER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]*")
MAX_ID_LENGTH = 200
MAX_TEXT_LENGTH = 1000

PRICE_PLACES, QUANTITY_PLACES, NUMERIC_DIGITS = 12, 9, 38
PERCENT_PLACES = PRICE_PLACES - 2  # a hundredth of it is kept like a price


def fault(message: str, remedy: str) -> PydanticCustomError:
    """Return a validation error that carries its remedy."""
    return PydanticCustomError("catalog", "{message}", {"message": message, "remedy": remedy})


def matching(pattern: str, rule: str) -> AfterValidator:
    """Return a validator of text that has to match a pattern, which the rule says in words."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise fault(f"{_shown(value)} does not fit", f"write {rule}")
        return value

    return AfterValidator(check)


CountryCode = Annotated[str, matching(r"[A-Z]{2}", "two capital letters, such as DE")]
CurrencyCode = Annotated[str, matching(r"[A-Z]{3}", "three capital letters, such as EUR")]


def read_number(value: Any, *, places: int) -> Decimal:
    """Return the exact number that a text writes.

    Args:
        value: The text, such as `0.000003` or `1_000_000`; a Decimal or int passes as it is.
        places: Decimal places that the warehouse keeps.

    Raises:
        PydanticCustomError: It is no plain number, or would not be kept to the last digit.
    """
    if isinstance(value, Decimal):
        value = format(value, "f")
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not NUMBER.fullmatch(value):
        raise fault(f"{_shown(value)} is not a number", "write it like 12 or 0.000003, no exponent")
    number = Decimal(value.replace("_", ""))
    whole, _, fraction = format(number, "f").lstrip("+-").partition(".")
    if len(fraction.rstrip("0")) > places:
        raise fault(f"{value} has more than {places} decimal places", f"keep {places} at most")
    if len(whole.lstrip("0")) > NUMERIC_DIGITS - places:
        raise fault(f"{value} is too large", f"keep {NUMERIC_DIGITS - places} digits at most")
    return number


def _read_price(value: Any) -> Decimal:
    number = read_number(value, places=PRICE_PLACES)
    if number < 0:
        raise fault(f"{value} is negative", "prices are zero or more; give money back by a credit")
    return number


def _read_signed_price(value: Any) -> Decimal:
    return read_number(value, places=PRICE_PLACES)


def _read_percent(value: Any) -> Decimal:
    number = read_number(value, places=PERCENT_PLACES)
    if number < 0:
        raise fault(f"{value} is negative", "rates are zero or more; give money back by a credit")
    return number


def _read_quantity(value: Any) -> Decimal:
    number = read_number(value, places=QUANTITY_PLACES)
    if number < 0:
        raise fault(f"{value} is negative", "write zero or more")
    return number


def _read_size(value: Any) -> Decimal:
    number = _read_quantity(value)
    if number == 0:
        raise fault("is zero", "write more than zero")
    return number


def _read_day(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise fault(f"{_shown(value)} is not a day", "write it as YYYY-MM-DD")


def _read_instant(value: Any) -> datetime:
    if isinstance(value, str) and INSTANT.fullmatch(value):
        with suppress(ValueError):
            value = datetime.fromisoformat(value.replace(" ", "T", 1))
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    raise fault(
        f"{_shown(value)} is not an instant",
        "write it with its offset from UTC, like 2026-03-10T15:00:00+01:00 or ...T14:00:00Z",
    )


def _check_time_zone(value: str) -> str:
    if value not in _known_zones():
        close = difflib.get_close_matches(value, _known_zones(), n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise fault(
            f"{_shown(value)} is not a time zone", f"{hint}write an IANA name, like Europe/Berlin"
        )
    return value


@cache
def _known_zones() -> frozenset[str]:
    """Return the names that every copy of the IANA data has: an area and a place, or UTC."""
    return frozenset({"UTC", *(name for name in available_timezones() if "/" in name)})


def _check_identifier(value: str) -> str:
    if len(value) > MAX_ID_LENGTH or not IDENTIFIER.fullmatch(value):
        remedy = f"use letters, digits and _ . : / @ -, at most {MAX_ID_LENGTH} of them"
        raise fault(f"{_shown(value)} is not an id", remedy)
    return value


def _check_text(value: str) -> str:
    if not value or value != value.strip() or len(value) > MAX_TEXT_LENGTH:
        remedy = f"write 1 to {MAX_TEXT_LENGTH} characters without blanks at the ends"
        raise fault(f"{_shown(value)} is empty, padded or too long", remedy)
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise fault("holds a control character", "remove it")
    return value


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


Price = Annotated[Decimal, BeforeValidator(_read_price)]
"""Money in major units of the plan's currency, zero or more, at most 12 decimal places."""

SignedPrice = Annotated[Decimal, BeforeValidator(_read_signed_price)]
"""Money that may be below zero where its price says so, at most 12 decimal places."""

Percent = Annotated[Decimal, BeforeValidator(_read_percent)]
"""A rate in percent, zero or more, at most 10 decimal places."""

Quantity = Annotated[Decimal, BeforeValidator(_read_quantity)]
"""Units of a meter, zero or more, at most 9 decimal places."""

Size = Annotated[Decimal, BeforeValidator(_read_size)]
"""Units of a meter, more than zero, at most 9 decimal places."""

Day = Annotated[date, BeforeValidator(_read_day)]
"""A local day of the customer."""

Instant = Annotated[datetime, BeforeValidator(_read_instant)]
"""An instant, in UTC."""

TimeZone = Annotated[str, AfterValidator(_check_time_zone)]
"""The IANA name of a time zone."""

CountryCode = Annotated[str, matching(r"[A-Z]{2}", "two capital letters, such as DE")]
CurrencyCode = Annotated[str, matching(r"[A-Z]{3}", "three capital letters, such as EUR")]

Identifier = Annotated[str, AfterValidator(_check_identifier)]
"""An id given by whoever writes the catalog."""

Text = Annotated[str, AfterValidator(_check_text)]
"""Text that is shown, or an id that comes from the outside world."""
