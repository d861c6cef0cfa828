"""Edits of deliveries in quarantine: single fields, or whole lines from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.contracts import Reason, UsageEvent
from ingestion.json_text import JsonFaultError, JsonNumber, parse_json
from ingestion.quarantine.candidates import Candidate
from ingestion.quarantine.deliveries import DeliveryKey, HeldDelivery
from ingestion.rejections import Rejection, restore_raw_text
from warehouse import MeterhouseError, Problem

_PROPERTY = "properties."


@dataclass(frozen=True)
class Edits:
    """What is changed in deliveries.

    Attributes:
        fields: Field of a native line, or `properties.NAME`, to its new text; None takes it out.
        lines: Delivery to the whole line that replaces it.
    """

    fields: Mapping[str, str | None] = field(default_factory=dict)
    lines: Mapping[DeliveryKey, bytes] = field(default_factory=dict)


def parse_fields(written: Sequence[str], *, dropped: Sequence[str] = ()) -> Edits:
    """Reads `FIELD=VALUE` and names of fields that are taken out.

    Args:
        written: The new values; of `properties` as JSON text, of all others as plain text.
        dropped: Fields that are taken out.

    Returns:
        The edits.

    Raises:
        MeterhouseError: A field isn't one of an event, or is named twice.
    """
    fields: dict[str, str | None] = {}
    for item in written:
        name, separator, value = item.partition("=")
        if not separator or not _is_field(name):
            raise MeterhouseError(
                f"'{item}' is no edit.",
                remedy=f"write FIELD=VALUE, with FIELD one of {', '.join(UsageEvent.model_fields)} "
                "or properties.NAME",
            )
        if name in fields:
            raise MeterhouseError(f"{name} is set twice.", remedy="set each field once")
        if name == "properties":
            _check_properties(value)
        fields[name] = value
    for name in dropped:
        if name in fields:
            raise MeterhouseError(f"{name} is set and taken out.", remedy="do one of both")
        fields[name] = None
    return Edits(fields=fields)


def read_edit_file(path: Path) -> Edits:
    """Reads lines from a file as `quarantine export` writes it.

    Args:
        path: JSON lines with `load_id`, `delivery_id` and `raw_text`, the line that is delivered
            instead; other fields are passed over.

    Returns:
        The edits.

    Raises:
        MeterhouseError: The file can't be read, or a line of it isn't so.
    """
    try:
        written = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise MeterhouseError(
            f"{path} can't be read: {error}", remedy="give a file of quarantine export"
        ) from error
    lines: dict[DeliveryKey, bytes] = {}
    problems = []
    for number, line in enumerate(written, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            key = DeliveryKey(int(value["load_id"]), str(value["delivery_id"]))
            raw = restore_raw_text(str(value["raw_text"]))
        except (ValueError, TypeError, KeyError) as error:
            problems.append(Problem(f"no edited delivery: {error!r}", file=path.name, line=number))
            continue
        if key in lines:
            problems.append(Problem(f"{key} is there twice", file=path.name, line=number))
        lines[key] = raw
    if problems or not lines:
        raise MeterhouseError(
            f"{path.name} can't be used.",
            problems=problems,
            remedy="each line is a JSON object with load_id, delivery_id and raw_text, as "
            "quarantine export writes it",
        )
    return Edits(lines=lines)


def edit(held: Sequence[HeldDelivery], edits: Edits) -> list[Candidate]:
    """Applies edits.

    Args:
        held: The deliveries.
        edits: What is changed.

    Returns:
        A candidate for each; one that isn't changed is refused.
    """
    return [_edit_one(delivery, edits) for delivery in held]


def _edit_one(delivery: HeldDelivery, edits: Edits) -> Candidate:
    line = edits.lines.get(delivery.key)
    if line is None:
        try:
            line = _set_fields(delivery.raw, edits.fields)
        except (JsonFaultError, UnicodeError) as fault:
            return Candidate(
                delivery, None, f"fields can't be set in it, edit the line (--edit-file): {fault}"
            )
    if line == delivery.raw:
        return Candidate(delivery, None, "the edit changes nothing")
    return Candidate(delivery, line, is_changed=True)


def _set_fields(raw: bytes, fields: Mapping[str, str | None]) -> bytes:
    value = parse_json(raw.decode("utf-8"), constants_allowed=True)
    if not isinstance(value, dict):
        fault = Rejection(Reason.MALFORMED_ROW, "the line is not a JSON object")
        raise JsonFaultError(fault)
    for name, new in fields.items():
        target, key = value, name
        if name.startswith(_PROPERTY):
            inner = value.get("properties")
            target = value["properties"] = dict(inner) if isinstance(inner, dict) else {}
            key = name.removeprefix(_PROPERTY)
        if new is None:
            target.pop(key, None)
        else:
            target[key] = parse_json(new) if name == "properties" else new
    return _write_json(value).encode()


def _write_json(value: object) -> str:
    """Writes what `parse_json` gave, numbers with the digits that stood there."""
    if isinstance(value, JsonNumber):
        return str(value)
    if isinstance(value, dict):
        members = (
            f"{json.dumps(k, ensure_ascii=False)}: {_write_json(v)}" for k, v in value.items()
        )
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_write_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _is_field(name: str) -> bool:
    return name in UsageEvent.model_fields or (
        name.startswith(_PROPERTY) and len(name) > len(_PROPERTY)
    )


def _check_properties(value: str) -> None:
    try:
        found = parse_json(value)
    except JsonFaultError as fault:
        found = fault
    if not isinstance(found, dict):
        raise MeterhouseError(
            "properties is set to something that is no JSON object.",
            remedy="""write it as --set 'properties={"model": "large"}', or set properties.model""",
        )
