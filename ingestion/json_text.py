"""Strict reading of JSON: duplicate keys, deep nesting and unstorable text are faults."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from ingestion.contracts import MAX_PROPERTIES_DEPTH, Reason
from ingestion.rejections import Rejection, quote_value

MAX_NUMBER_DIGITS = 1000
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)")


class JsonNumber(str):
    """A JSON number as its digits stand in the source; never converted."""

    __slots__ = ()


class JsonFaultError(ValueError):
    """A fault of a JSON text, as a rejection."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.detail)
        self.rejection = rejection


def parse_json(text: str, *, constants_allowed: bool = False) -> object:
    """Parses JSON strictly, numbers as `JsonNumber`.

    Args:
        text: One JSON value.
        constants_allowed: Whether NaN and Infinity are read, as numbers, for a later message.

    Returns:
        dict, list, str, `JsonNumber`, bool or None.

    Raises:
        JsonFaultError: The text is no JSON, repeats a key in an object, or is nested too deeply.
    """
    try:
        return json.loads(
            text,
            parse_int=JsonNumber,
            parse_float=JsonNumber,
            parse_constant=JsonNumber if constants_allowed else _refuse_constant,
            object_pairs_hook=_refuse_duplicates,
        )
    except JsonFaultError:
        raise
    except RecursionError:
        raise _fault(Reason.MALFORMED_JSON, "the JSON is nested too deeply") from None
    except ValueError as error:
        raise _fault(Reason.MALFORMED_JSON, f"this is no JSON: {error}") from None


def check_json(value: object, *, field: str, depth: int = 0) -> Rejection | None:
    """Checks that Postgres can hold a JSON value as jsonb.

    Args:
        value: What `parse_json` gave.
        field: Name of the field, for the message.
        depth: How deep the value is nested already.

    Returns:
        The first fault, or None.
    """
    if depth > MAX_PROPERTIES_DEPTH:
        return Rejection(
            Reason.MALFORMED_JSON, f"{field} is nested deeper than {MAX_PROPERTIES_DEPTH} levels"
        )
    if isinstance(value, JsonNumber):
        return _check_number(value, field=field)
    if isinstance(value, str):
        return check_text(value, field=field)
    children: list[object] = []
    if isinstance(value, dict):
        children = [*value, *value.values()]
    elif isinstance(value, list):
        children = value
    found = (check_json(child, field=field, depth=depth + 1) for child in children)
    return next((fault for fault in found if fault is not None), None)


def write_json(value: object) -> str:
    """Writes JSON in one spelling, so that values that are equal as jsonb are equal texts.

    It is the spelling of Postgres' `jsonb::text`, less zeros at the end of a fraction: keys go by
    length and then by bytes, numbers keep every digit that counts and lose their exponent, text is
    escaped only where JSON requires it.

    Args:
        value: dict, list, str, `JsonNumber`, bool, int or None; checked by `check_json`.

    Returns:
        The text.
    """
    if isinstance(value, JsonNumber):
        digits = format(Decimal(value), "f")
        if "." in digits:
            digits = digits.rstrip("0").removesuffix(".")
        return "0" if digits == "-0" else digits
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        keys = sorted(value, key=order_of_key)
        members = (
            f"{json.dumps(key, ensure_ascii=False)}: {write_json(value[key])}" for key in keys
        )
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(write_json, value))}]"
    return json.dumps(value)


def order_of_key(key: str) -> tuple[int, bytes]:
    """Returns what Postgres sorts the keys of a jsonb object by: their length and their bytes."""
    encoded = key.encode("utf-8")
    return len(encoded), encoded


def check_text(text: str, *, field: str) -> Rejection | None:
    """Checks that a text can be stored: no NUL character, no lone surrogate.

    Args:
        text: The text.
        field: Name of the field, for the message.

    Returns:
        The fault, or None.
    """
    if "\x00" in text:
        return Rejection(Reason.INVALID_TEXT, f"{field} holds a NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return Rejection(Reason.INVALID_TEXT, f"{field} holds half of a surrogate pair")
    return None


def _check_number(number: str, *, field: str) -> Rejection | None:
    exponent = _EXPONENT.search(number)
    digits = exponent.group(1).lstrip("+-0") if exponent else ""
    if len(number) > MAX_NUMBER_DIGITS or len(digits) > 3:
        return Rejection(
            Reason.NUMBER_OUT_OF_RANGE, f"{field} holds {quote_value(number)}, beyond any number"
        )
    return None


def _refuse_constant(name: str) -> object:
    raise _fault(Reason.MALFORMED_JSON, f"this is no JSON: {name} is not a JSON value")


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    repeated = next(name for name in names if names.count(name) > 1)
    raise _fault(Reason.DUPLICATE_KEY, f"the key {quote_value(repeated)} is there more than once")


def _fault(reason: Reason, detail: str) -> JsonFaultError:
    return JsonFaultError(Rejection(reason, detail))
