"""Quantities: exact decimals or a reason, never a binary fraction."""

from __future__ import annotations

import re
from decimal import Decimal

import pyarrow as pa

from ingestion.columns import ParsedColumn, parse_column
from ingestion.contracts import (
    QUANTITY_INTEGER_DIGITS,
    QUANTITY_PRECISION,
    QUANTITY_SCALE,
    Reason,
)
from ingestion.rejections import Rejection, quote_value

QUANTITY_TYPE = pa.decimal128(QUANTITY_PRECISION, QUANTITY_SCALE)
_PLAIN = rf"^-?[0-9]{{1,{QUANTITY_INTEGER_DIGITS}}}(?:\.[0-9]{{1,{QUANTITY_SCALE}}})?$"
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")


def parse_quantity(text: str | None) -> Decimal | Rejection:
    """Reads one quantity.

    The rule: ASCII digits with an optional leading minus, an optional decimal point with digits on
    both sides, and an optional exponent; no plus sign, blank, separator or any other notation
    (`1,5`, `0x10`, `NaN`, `Infinity`, `true` and digits of other scripts are `not_a_number`). The
    value must have at most 29 digits before the decimal point and 9 after it, trailing zeros not
    counted, which is what the warehouse keeps, else `number_out_of_range`; nothing is ever rounded.
    `1.10`, `1.1` and `11e-1` are one number, minus zero is zero, and a negative quantity is a
    correction.

    Args:
        text: The text, or None when the field is absent.

    Returns:
        The number, or why it is none.
    """
    if text is None or text == "":
        return Rejection(Reason.MISSING_FIELD, "quantity is missing")
    match = _NUMBER.fullmatch(text)
    if match is None:
        return Rejection(Reason.NOT_A_NUMBER, f"quantity {quote_value(text)} is not a number")
    sign, integer, fraction, exponent = match.groups(default="")
    digits = (integer + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return Decimal(0)
    shift = _read_exponent(exponent) - len(fraction)
    scale = -(shift + len(digits) - len(significant))
    if scale > QUANTITY_SCALE:
        return _out_of_range(text, f"more than {QUANTITY_SCALE} digits after the decimal point")
    if len(significant) - scale > QUANTITY_INTEGER_DIGITS:
        return _out_of_range(
            text, f"more than {QUANTITY_INTEGER_DIGITS} digits before the decimal point"
        )
    return Decimal((1 if sign else 0, tuple(map(int, significant)), -scale))


def parse_quantities(texts: pa.Array) -> ParsedColumn:
    """Reads a column of quantities by the rule of `parse_quantity`.

    Args:
        texts: The texts; null where the field is absent.

    Returns:
        decimal128(38, 9) values, and the faults of the rows that have none.
    """
    return parse_column(texts, plain=_PLAIN, target=QUANTITY_TYPE, parse_one=parse_quantity)


def _read_exponent(text: str) -> int:
    """Reads an exponent; one of more than 12 digits is as good as any other too large one."""
    digits = text.lstrip("+-").lstrip("0")
    size = int(digits or "0") if len(digits) <= 12 else 10**12
    return -size if text.startswith("-") else size


def _out_of_range(text: str, why: str) -> Rejection:
    return Rejection(Reason.NUMBER_OUT_OF_RANGE, f"quantity {quote_value(text)} has {why}")
