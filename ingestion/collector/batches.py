"""Splits the content of a request into native lines, by its media type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from ingestion.collector.cloud_events import map_cloud_event
from ingestion.collector.faults import RequestFaultError, refuse_malformed, refuse_too_large
from ingestion.collector.nesting import count_openings, measure_structure
from ingestion.contracts import MAX_LINE_BYTES
from ingestion.readers.lines import UTF_8_MARK

JSON = "application/json"
NDJSON = "application/x-ndjson"
CLOUD_EVENT = "application/cloudevents+json"
CLOUD_EVENT_BATCH = "application/cloudevents-batch+json"
MEDIA_TYPES = (JSON, NDJSON, CLOUD_EVENT, CLOUD_EVENT_BATCH)
_Found = TypeVar("_Found")
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")
_RAW = msgspec.json.Decoder(msgspec.Raw)
_RAW_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True)
class EventLines:
    """The events of a request as native lines, in the order they were sent.

    Attributes:
        lines: One line per event, without line feeds.
        notes: What else is to be said of an event that is rejected, by its index.
    """

    lines: list[bytes]
    notes: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BatchLimits:
    """How large a batch may be.

    Attributes:
        max_events: Events, or lines of NDJSON.
        max_nesting: Levels of objects and arrays in one event.
    """

    max_events: int
    max_nesting: int


def choose_media_type(header: str | None, *, is_binary_mode: bool) -> str:
    """Tells the media type of a body.

    Args:
        header: The header Content-Type, if there is one.
        is_binary_mode: Whether the headers hold attributes of a CloudEvent.

    Returns:
        One of `MEDIA_TYPES`.

    Raises:
        RequestFaultError: It is none of them.
    """
    essence, _, parameters = (header or "").partition(";")
    essence = essence.strip().lower()
    charset = parameters.replace(" ", "").replace('"', "").lower()
    is_utf_8 = "charset=" not in charset or "charset=utf-8" in charset
    if essence in MEDIA_TYPES and is_utf_8 and not is_binary_mode:
        return essence
    what = "The binary content mode of CloudEvents" if is_binary_mode else "This Content-Type"
    raise RequestFaultError(
        415,
        "unknown_media_type",
        f"{what} is not taken: {(header or '')[:80]!a}.",
        remedy=f"send UTF-8 as one of {', '.join(MEDIA_TYPES)}",
        closes=True,
    )


def split_batch(content: bytes, media_type: str, *, limits: BatchLimits) -> EventLines:
    """Splits a content into native lines; says nothing yet of what is in them.

    Args:
        content: The body, decompressed.
        media_type: One of `MEDIA_TYPES`.
        limits: How large the batch may be.

    Returns:
        At least one line.

    Raises:
        RequestFaultError: The content is no JSON where it has to be, holds no event, or is beyond
            a limit.
    """
    content = content.removeprefix(UTF_8_MARK)
    if media_type == NDJSON:
        lines = _split_lines(content, limits)
    elif media_type == CLOUD_EVENT:
        lines = [_read_json(content, _RAW, limits)]
    elif media_type == CLOUD_EVENT_BATCH or content.lstrip()[:1] == b"[":
        lines = _split_array(content, limits)
    else:
        lines = [_read_json(content, _RAW, limits)]
        if not lines[0].startswith(b"{"):
            raise refuse_malformed("The body is neither a JSON object nor an array of them.")
    if not lines:
        raise refuse_malformed("The body holds no event.", remedy="send at least one")
    if len(lines) > limits.max_events:
        raise _refuse_count(limits)
    notes: dict[int, str] = {}
    if media_type in (CLOUD_EVENT, CLOUD_EVENT_BATCH):
        lines, notes = _map_all(lines)
    for index, line in enumerate(lines):
        if count_openings(line) > limits.max_nesting:
            _check_nesting(line, index, limits)
    return EventLines(lines, notes)


def _split_lines(content: bytes, limits: BatchLimits) -> list[bytes]:
    if content.count(b"\n") > limits.max_events:
        raise _refuse_count(limits)
    return [line for line in content.split(b"\n") if line.strip()]


def _split_array(content: bytes, limits: BatchLimits) -> list[bytes]:
    """Splits an array; counts its items first where they could be too many to be held."""
    might_be_many = content.count(b",") >= limits.max_events
    if might_be_many and measure_structure(content).item_count > limits.max_events:
        raise _refuse_count(limits)
    return [_flatten(bytes(item)) for item in _decode(_RAW_ITEMS.decode, content, limits)]


def _read_json(
    content: bytes, decoder: msgspec.json.Decoder[msgspec.Raw], limits: BatchLimits
) -> bytes:
    return _flatten(bytes(_decode(decoder.decode, content, limits)).strip())


def _decode(decode: Callable[[bytes], _Found], content: bytes, limits: BatchLimits) -> _Found:
    try:
        return decode(content)
    except RecursionError:
        raise _refuse_nesting(limits) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise refuse_malformed(
            f"The body is not JSON: {error}.",
            remedy=f"send JSON, or {NDJSON}, where one bad line doesn't stop the others",
        ) from None


def _flatten(item: bytes) -> bytes:
    """Puts a well-formed JSON text on one line: a line feed is never inside a string there."""
    return item.translate(_ONE_LINE) if b"\n" in item or b"\r" in item else item


def _map_all(elements: list[bytes]) -> tuple[list[bytes], dict[int, str]]:
    lines: list[bytes] = []
    notes: dict[int, str] = {}
    for index, element in enumerate(elements):
        if len(element) > MAX_LINE_BYTES:
            lines.append(element)
            continue
        line, note = map_cloud_event(element)
        lines.append(line)
        if note:
            notes[index] = note
    return lines, notes


def _check_nesting(line: bytes, index: int, limits: BatchLimits) -> None:
    if measure_structure(line).depth > limits.max_nesting:
        raise _refuse_nesting(limits, index)


def _refuse_nesting(limits: BatchLimits, index: int | None = None) -> RequestFaultError:
    which = "The body" if index is None else f"Event {index}"
    return refuse_too_large(
        f"{which} is nested deeper than {limits.max_nesting} levels.", remedy="flatten it"
    )


def _refuse_count(limits: BatchLimits) -> RequestFaultError:
    return refuse_too_large(
        f"The batch has more than {limits.max_events} events.", remedy="send smaller batches"
    )
