"""Numbers and times as text: integers and decimals only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

NOTHING = "\u2013"
MARKDOWN_LETTERS = frozenset("\\`*_{}[]()<>#+-.!|~:$^")
THOUSANDS = ((12, "T"), (9, "B"), (6, "M"), (3, "k"))


def amount(minor: int | Decimal | None, *, exponent: int) -> str:
    """Returns an amount of minor units in major units: `1234567` with exponent 2 is `12,345.67`.

    Args:
        minor: Amount in minor units; None gives a dash.
        exponent: Decimal places of the currency.
    """
    if minor is None:
        return NOTHING
    whole_units = int(minor)
    if whole_units != minor:
        raise ValueError(f"{minor} is not a whole number of minor units")
    digits = str(abs(whole_units)).rjust(exponent + 1, "0")
    whole, fraction = digits[: len(digits) - exponent], digits[len(digits) - exponent :]
    sign = "-" if whole_units < 0 else ""
    grouped = f"{int(whole):,}"
    return f"{sign}{grouped}.{fraction}" if exponent else f"{sign}{grouped}"


def money(minor: int | Decimal | None, *, exponent: int, currency_code: str) -> str:
    """Returns an amount with its currency: `12,345.67 EUR`."""
    if minor is None:
        return NOTHING
    return f"{amount(minor, exponent=exponent)} {currency_code}"


def change(minor: int | None, *, exponent: int) -> str | int | None:
    """Returns a signed change of money; 0 for no change, None where there is nothing to compare."""
    if minor is None or minor == 0:
        return minor
    return f"{'+' if minor > 0 else ''}{amount(minor, exponent=exponent)}"


def count_change(now: int, before: int | None) -> str | int | None:
    """Returns a signed change of a count; 0 for no change, None where there is nothing before."""
    if before is None or now == before:
        return None if before is None else 0
    return f"{now - before:+,}"


def count(value: int | Decimal | None) -> str:
    """Returns a count with grouped digits."""
    return NOTHING if value is None else f"{int(value):,}"


def quantity(value: Decimal | int | None, *, places: int = 0) -> str:
    """Returns an exact quantity: grouped digits, no trailing zeros.

    Args:
        value: The quantity; None gives a dash.
        places: Decimal places that are shown even when they are zeros.
    """
    if value is None:
        return NOTHING
    plain = f"{Decimal(value):,f}"
    whole, _, fraction = plain.partition(".")
    fraction = fraction.rstrip("0").ljust(places, "0")
    text = f"{whole}.{fraction}" if fraction else whole
    return "0" if text == "-0" else text


def unrounded(value: Decimal | None, *, exponent: int) -> str:
    """Returns an unrounded amount in major units: every digit, at least the currency's places."""
    return quantity(value, places=exponent)


def compact(value: Decimal | int) -> str:
    """Returns a number for an axis: `1500000` is `1.5M`; exact for the round numbers of an axis."""
    number = Decimal(value)
    for power, suffix in THOUSANDS:
        if abs(number) >= Decimal(10) ** power:
            return f"{quantity(number.scaleb(-power))}{suffix}"
    return quantity(number)


def axis_ticks(lowest: Decimal | int, highest: Decimal | int, *, unit: Decimal) -> list[Decimal]:
    """Returns four to nine round values that cover a range and hold zero.

    Args:
        lowest: Smallest plotted value.
        highest: Largest plotted value.
        unit: Smallest step, for example 100 minor units.

    Returns:
        The values, ascending.
    """
    low, high = min(Decimal(lowest), Decimal(0)), max(Decimal(highest), Decimal(0))
    span = max(high - low, unit)
    power = Decimal(1).scaleb(span.adjusted() - 1)
    steps = (power * factor for factor in (1, 2, 5, 10, 20, 50))
    step = max(next(step for step in steps if step * 6 >= span), unit)
    first = int((low / step).to_integral_value(rounding="ROUND_FLOOR"))
    last = int((high / step).to_integral_value(rounding="ROUND_CEILING"))
    return [step * position for position in range(first, max(last, first + 1) + 1)]


def month(day: date | None) -> str:
    """Returns a month as `2026-09`."""
    return NOTHING if day is None else f"{day:%Y-%m}"


def day(value: date | datetime | None) -> str:
    """Returns a day as `2026-09-30`, in UTC."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = value.astimezone(UTC)
    return f"{value:%Y-%m-%d}"


def period(start: date, end: date) -> str:
    """Returns a half-open period with its last day: `2026-09-01 to 2026-09-30`."""
    return f"{day(start)} to {day(end - timedelta(days=1))}"


def moment(value: datetime | None) -> str:
    """Returns a moment as `2026-09-30 08:15 UTC`."""
    return NOTHING if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def customer_label(customer_id: str, customer_name: str) -> str:
    """Returns how a customer is named in filters and links."""
    return f"{customer_name} ({customer_id})"


def meter_label(meter_name: str, meter_id: str) -> str:
    """Returns how a meter is named in filters and links."""
    return meter_name if meter_name == meter_id else f"{meter_name} ({meter_id})"


def words(name: str) -> str:
    """Returns an identifier as words: `unknown_customer` is `unknown customer`."""
    return name.replace("_", " ")


def plural(number: int | Decimal, noun: str, *, several: str = "") -> str:
    """Returns a count with its noun: `1 invoice`, `2 invoices`."""
    return f"{count(number)} {noun if number == 1 else several or f'{noun}s'}"


def price_filter(dimension_filter: Sequence[tuple[str, str]]) -> str:
    """Returns a price's filter as words: `model = atlas-large, region = eu`."""
    return ", ".join(f"{words(name)} = {value}" for name, value in dimension_filter)


def tax_words(
    treatment: str,
    *,
    rate_percent: Decimal,
    country_code: str,
    exempt_reason: str | None,
    is_included: bool,
) -> str:
    """Returns what a tax is, in words: `Tax of 19 %`.

    Args:
        treatment: `standard`, `reduced`, `reverse_charge`, `exempt` or `none`.
        rate_percent: Its rate.
        country_code: Country of the customer.
        exempt_reason: Why the customer is exempt; None where its country is.
        is_included: Whether the tax is inside the lines.
    """
    untaxed = {
        "reverse_charge": "reverse charge, the customer owes it",
        "exempt": exempt_reason or f"exempt in {country_code}",
        "none": f"none is declared for {country_code}",
    }
    if treatment in untaxed:
        return f"No tax: {untaxed[treatment]}"
    kind = "Reduced tax" if treatment == "reduced" else "Tax"
    inside = ", inside the lines" if is_included else ""
    return f"{kind} of {quantity(rate_percent)} %{inside}"


def plain(text: str) -> str:
    """Returns text whose punctuation Markdown leaves as it is."""
    return "".join(f"\\{letter}" if letter in MARKDOWN_LETTERS else letter for letter in text)
