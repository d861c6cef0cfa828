"""Lines of native JSON: a fast decoder for whole blocks, a strict one for the lines it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.contracts import Reason, UsageEvent
from ingestion.json_text import JsonFaultError, JsonNumber, check_json, parse_json
from ingestion.rejections import Rejection, quote_value

_REQUIRED = ("event_id", "customer_id", "event_type", "occurred_at", "quantity")
_FIELDS = frozenset(UsageEvent.model_fields)
_KEYS = tuple(f'"{name}"'.encode() for name in (*_REQUIRED, "properties"))
_NO_NUMBERS = frozenset({"NaN", "Infinity", "-Infinity"})
_NO_RAW = msgspec.Raw(b"")


class NativeLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One decoded line: text as text, quantity and properties as the JSON that stands there."""

    event_id: str
    customer_id: str
    event_type: str
    occurred_at: str
    quantity: msgspec.Raw
    properties: msgspec.Raw = _NO_RAW


_DECODER = msgspec.json.Decoder(NativeLine)
_FEW = 1000
"""Lines that are decoded together; one that fails makes so many be decoded one by one."""
_RAW_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class StrictLine(msgspec.Struct, gc=False):
    """One line read by the strict decoder; None where a field is absent or null."""

    event_id: str | None
    customer_id: str | None
    event_type: str | None
    occurred_at: str | None
    quantity: str | None
    properties: str | None


def decode_lines(lines: list[bytes]) -> tuple[pa.Table, dict[int, Rejection]]:
    """Decodes lines of native JSON.

    Args:
        lines: The lines, none of them blank.

    Returns:
        A table of text columns (the fields of `UsageEvent` and `row`, the number of the line in
        `lines`), and the faults of the lines that aren't in it, by the same number.
    """
    decoded = [
        line
        for start in range(0, len(lines), _FEW)
        for line in _decode_all(lines[start : start + _FEW])
    ]
    block = b"\n".join(lines)
    properties = [b"" if line is None else bytes(line.properties) for line in decoded]
    sure = _find_plain(lines, decoded, block)
    table = _build_table(decoded, properties, sure)
    if not _is_free_of_repeated_keys(lines, block, sure, table, properties):
        sure = []
    if len(sure) == len(lines):
        return table, {}
    plain = set(sure)
    single = [
        row
        for row, line in enumerate(lines)
        if row not in plain
        and decoded[row] is not None
        and _is_surely_single(line, properties[row])
        and _is_utf8(line)
    ]
    if single or not sure:
        sure = sorted([*sure, *single])
        table = _build_table(decoded, properties, sure)
    known = set(sure)
    outcomes = {row: decode_strictly(line) for row, line in enumerate(lines) if row not in known}
    faults = {row: item for row, item in outcomes.items() if isinstance(item, Rejection)}
    strict = {row: item for row, item in outcomes.items() if isinstance(item, StrictLine)}
    if strict:
        table = pa.concat_tables([table, _build_strict_table(strict)]).sort_by("row")
    return table.combine_chunks(), faults


def _find_plain(
    lines: list[bytes], decoded: Sequence[NativeLine | None], block: bytes
) -> Sequence[int]:
    """Finds the decoded lines that are UTF-8 and hold no escape."""
    is_text = block.isascii() or _is_utf8(block)
    has_escapes = b"\\" in block
    if is_text and not has_escapes and all(decoded):
        return range(len(lines))
    return [
        row
        for row, line in enumerate(lines)
        if decoded[row] is not None
        and not (has_escapes and b"\\" in line)
        and (is_text or _is_utf8(line))
    ]


def decode_strictly(line: bytes) -> StrictLine | Rejection:
    """Decodes one line with every check; the reference for the fast decoder.

    Args:
        line: The line without its line feed.

    Returns:
        The fields as text, or why the line is no event.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return Rejection(Reason.INVALID_TEXT, f"the line is not UTF-8: {error.reason}")
    if "\x00" in text:
        return Rejection(Reason.INVALID_TEXT, "the line holds a NUL character")
    try:
        value = parse_json(text, constants_allowed=True)
    except JsonFaultError as fault:
        return fault.rejection
    if not isinstance(value, dict):
        return Rejection(Reason.MALFORMED_ROW, "the line is not a JSON object")
    unknown = sorted(set(value) - _FIELDS)
    if unknown:
        return Rejection(Reason.MALFORMED_ROW, f"unknown field {quote_value(unknown[0])}")
    return _read_fields(line, value)


def _read_fields(line: bytes, value: dict[str, object]) -> StrictLine | Rejection:
    for field in ("event_id", "customer_id", "event_type"):
        if not _is_text_or_absent(value.get(field)):
            return Rejection(Reason.MALFORMED_ROW, f"{field} is not a string")
    instant, quantity = value.get("occurred_at"), value.get("quantity")
    if not _is_text_or_absent(instant):
        return Rejection(Reason.NOT_A_TIME, "occurred_at is not a string in RFC 3339")
    if isinstance(quantity, JsonNumber) and quantity in _NO_NUMBERS:
        return Rejection(Reason.NOT_A_NUMBER, f"quantity {quantity} is not a number")
    texts = [value.get(field) for field in ("event_id", "customer_id", "event_type")]
    for text in (*texts, instant, quantity):
        if isinstance(text, str) and not _is_encodable(text):
            return Rejection(Reason.INVALID_TEXT, "the line holds half of a surrogate pair")
    properties = None
    if value.get("properties") is not None:
        fault = check_json(value["properties"], field="properties")
        if fault is not None:
            return fault
    try:
        raw = _RAW_FIELDS.decode(line)
    except (msgspec.MsgspecError, RecursionError) as error:
        return Rejection(Reason.MALFORMED_JSON, f"this is no JSON: {error}")
    if value.get("properties") is not None:
        properties = bytes(raw["properties"]).decode("utf-8")
    if not isinstance(quantity, str | None):
        quantity = bytes(raw["quantity"]).decode("utf-8")
    return StrictLine(*texts, instant, quantity, properties)


def _is_text_or_absent(value: object) -> bool:
    return value is None or (isinstance(value, str) and not isinstance(value, JsonNumber))


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _decode_all(lines: list[bytes]) -> list[NativeLine | None]:
    try:
        return list(map(_DECODER.decode, lines))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [_decode_or_none(line) for line in lines]


def _decode_or_none(line: bytes) -> NativeLine | None:
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _is_free_of_repeated_keys(
    lines: list[bytes],
    block: bytes,
    rows: Sequence[int],
    table: pa.Table,
    properties: Sequence[bytes],
) -> bool:
    """Whether none of some decoded lines without escapes holds a key twice.

    The fast decoder doesn't see a repeated key: the last one wins there. But each key has one colon
    after it, so the colons of the lines are those of their keys and those in their values; a
    repeated key brings one more, and nothing brings one less.
    """
    keys = len(_REQUIRED) * table.num_rows + sum(1 for row in rows if properties[row])
    in_values = sum(
        pc.sum(pc.count_substring(table[field], ":"), min_count=0).as_py()
        for field in (*_REQUIRED, "properties")
    )
    colons = int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord(":")))
    if len(rows) < len(lines):
        kept = set(rows)
        colons -= sum(line.count(b":") for row, line in enumerate(lines) if row not in kept)
    return colons == keys + in_values


def _is_surely_single(line: bytes, properties: bytes) -> bool:
    """Whether a decoded line surely holds each key once, whatever its properties hold."""
    head = line.rstrip()
    tail = properties + b"}"
    if properties and head.endswith(tail):
        head = head[: -len(tail)]
    return (
        b"\\" not in head
        and all(head.count(key) == 1 for key in _KEYS[:-1])
        and head.count(_KEYS[-1]) == (1 if properties else 0)
    )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _build_table(
    decoded: Sequence[NativeLine | None], properties: Sequence[bytes], rows: Sequence[int]
) -> pa.Table:
    """Builds the table of some rows, all of which are decoded."""
    if len(rows) < len(decoded):
        decoded = [decoded[row] for row in rows]
        properties = [properties[row] for row in rows]
    columns: dict[str, pa.Array] = {"row": pa.array(np.asarray(rows, np.int64))}
    for field in _REQUIRED[:-1]:
        columns[field] = pa.array(list(map(attrgetter(field), decoded)), pa.string())
    raw = pa.array([bytes(line.quantity) for line in decoded], pa.binary()).cast(pa.string())
    is_null = pc.equal(raw, "null")
    columns["quantity"] = pc.if_else(is_null, pa.scalar(None, pa.string()), pc.ascii_trim(raw, '"'))
    texts = pa.array(properties, pa.binary()).cast(pa.string())
    is_absent = pc.or_(pc.equal(texts, ""), pc.equal(texts, "null"))
    columns["properties"] = pc.if_else(is_absent, pa.scalar(None, pa.string()), texts)
    return pa.table(columns)


def _build_strict_table(strict: dict[int, StrictLine]) -> pa.Table:
    columns: dict[str, pa.Array] = {"row": pa.array(list(strict), pa.int64())}
    for field in (*_REQUIRED, "properties"):
        columns[field] = pa.array([getattr(line, field) for line in strict.values()], pa.string())
    return pa.table(columns)
