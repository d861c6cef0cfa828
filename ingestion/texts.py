"""Identities and properties: text columns that must be there and must be storable."""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.columns import ParsedColumn
from ingestion.contracts import MAX_IDENTITY_BYTES, Reason
from ingestion.json_text import (
    JsonFaultError,
    check_json,
    check_text,
    order_of_key,
    parse_json,
    write_json,
)
from ingestion.rejections import Rejection

NO_PROPERTIES = "{}"
_FLAT_DECODER = msgspec.json.Decoder(dict[str, str | int | bool | None])
_FLAT_LIMIT = 4096


def parse_identity(text: str | None, *, field: str) -> str | Rejection:
    """Reads a customer id, event id or event type: kept byte for byte, never trimmed or folded.

    Args:
        text: The text, or None when the field is absent.
        field: Name of the field, for the message.

    Returns:
        The text, or why it can't be used: absent or empty, longer than 1024 bytes, or unstorable.
    """
    if text is None or text == "":
        return Rejection(Reason.MISSING_FIELD, f"{field} is missing")
    fault = check_text(text, field=field)
    if fault is not None:
        return fault
    size = len(text.encode("utf-8"))
    if size > MAX_IDENTITY_BYTES:
        return Rejection(
            Reason.INVALID_TEXT, f"{field} has {size} bytes; at most {MAX_IDENTITY_BYTES} are taken"
        )
    return text


def parse_identities(texts: pa.Array, *, field: str) -> ParsedColumn:
    """Reads a column of identities by the rule of `parse_identity`.

    Args:
        texts: The texts; null where the field is absent.
        field: Name of the field, for the messages.

    Returns:
        The texts and the faults; a row with a fault keeps what it had.
    """
    sizes = pc.binary_length(texts)
    extent = pc.min_max(sizes).as_py()
    has_nul = pc.match_substring(texts, "\x00")
    fits = extent["min"] is None or (extent["min"] > 0 and extent["max"] <= MAX_IDENTITY_BYTES)
    if fits and texts.null_count == 0 and not pc.any(has_nul, min_count=0).as_py():
        return ParsedColumn(texts)
    wrong_size = pc.or_(pc.equal(sizes, 0), pc.greater(sizes, MAX_IDENTITY_BYTES))
    faulty = pc.fill_null(pc.or_(wrong_size, has_nul), True)
    rows = pc.indices_nonzero(faulty)
    outcomes = zip(rows.to_pylist(), texts.take(rows).to_pylist(), strict=True)
    parsed = {row: parse_identity(text, field=field) for row, text in outcomes}
    faults = {row: item for row, item in parsed.items() if isinstance(item, Rejection)}
    return ParsedColumn(texts, faults)


def parse_properties(text: str | None) -> str | Rejection:
    """Reads properties: the text of a JSON object that Postgres can hold, in one spelling.

    The spelling is that of `write_json`, so that equal properties are equal texts: they are
    compared, hashed and grouped as text from here on.

    Args:
        text: The JSON text, or None when the field is absent.

    Returns:
        The text in its one spelling, `{}` when absent or null, or why it can't be used.
    """
    if text is None:
        return NO_PROPERTIES
    flat = _read_flat(text)
    if flat is not None:
        return _write_flat(flat)
    try:
        value = parse_json(text)
    except JsonFaultError as fault:
        detail = f"properties: {fault.rejection.detail}"
        return Rejection(fault.rejection.reason, detail)
    if value is None:
        return NO_PROPERTIES
    if not isinstance(value, dict):
        return Rejection(Reason.MALFORMED_ROW, "properties are not a JSON object")
    return check_json(value, field="properties") or write_json(value)


def parse_property_texts(texts: pa.Array) -> ParsedColumn:
    """Reads a column of properties by the rule of `parse_properties`, each different text once.

    Args:
        texts: JSON texts; null where the field is absent.

    Returns:
        The texts and the faults.
    """
    encoded = texts.dictionary_encode(null_encoding="encode")
    outcomes = [parse_properties(text) for text in encoded.dictionary.to_pylist()]
    bad = {code: item for code, item in enumerate(outcomes) if isinstance(item, Rejection)}
    known = pa.array([NO_PROPERTIES if code in bad else item for code, item in enumerate(outcomes)])
    values = known.cast(texts.type).take(encoded.indices)
    if not bad:
        return ParsedColumn(values)
    codes = encoded.indices
    rows = pc.indices_nonzero(pc.is_in(codes, pa.array(list(bad), codes.type))).to_pylist()
    return ParsedColumn(values, {row: bad[codes[row].as_py()] for row in rows})


def _read_flat(text: str) -> dict[str, str | int | bool | None] | None:
    """Reads an object of scalars without escapes, fractions or repeated keys; None for any other.

    A key has one colon after it, so as many colons as different keys means that none is repeated;
    a colon in a value only sends the text to the strict parser.
    """
    if "\\" in text or len(text) > _FLAT_LIMIT:
        return None
    try:
        found = _FLAT_DECODER.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return found if text.count(":") == len(found) else None


def _write_flat(found: dict[str, str | int | bool | None]) -> str:
    """Writes what `_read_flat` read as `write_json` does; no text in it needs an escape."""
    keys = sorted(found, key=order_of_key) if len(found) > 1 else found
    members = []
    for key in keys:
        value = found[key]
        if value.__class__ is str:
            spelled = f'"{value}"'
        elif value.__class__ is int:
            spelled = str(value)
        else:
            spelled = "null" if value is None else str(value).lower()
        members.append(f'"{key}": {spelled}')
    return f"{{{', '.join(members)}}}"
