"""CloudEvents 1.0 as usage events: one written rule, nothing guessed.

The rule, attribute by attribute:

- `id` is the event id, `type` the event type, `time` the time of use, `subject` the customer. They
  are carried over as they stand, and judged by the same validator as every file. An event id must
  be unique within its customer, whatever the `source`.
- `data` is a JSON object. `data.quantity` is the quantity, a number or a string. Properties are
  `data.properties`, an object, where it is there; otherwise they are all other members of `data`.
- `specversion` is "1.0" and `source` a text that isn't empty. `datacontenttype`, where it is there,
  names JSON. `dataschema` and extension attributes are not kept.
- What misses one of these rules (`data` that is no object or is `data_base64`, `data.properties`
  next to members other than `quantity`, another version) can't be mapped: it is kept whole, inside
  `{"cloudevent": ...}`, and rejected as `malformed_row`.
"""

from __future__ import annotations

import msgspec

from ingestion.json_text import JsonFaultError, parse_json
from ingestion.rejections import quote_value

_FIELDS = (
    (b'"event_id":', "id"),
    (b'"customer_id":', "subject"),
    (b'"event_type":', "type"),
    (b'"occurred_at":', "time"),
)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def map_cloud_event(element: bytes) -> tuple[bytes, str]:
    """Writes a CloudEvent as a native line.

    Args:
        element: One JSON value, on one line.

    Returns:
        The native line, whatever the validator will say of it; and why the event couldn't be
        mapped, empty when it was.
    """
    fault = ""
    try:
        value = parse_json(element.decode("utf-8"))
    except (UnicodeDecodeError, JsonFaultError):
        fault = "it can't be read"
    else:
        fault = _find_fault(value)
    if fault:
        return b'{"cloudevent":' + element + b"}", f"not a CloudEvent that can be mapped: {fault}"
    return _write_line(_MEMBERS.decode(element)), ""


def _find_fault(value: object) -> str:
    if not isinstance(value, dict):
        return "it is not an object"
    if value.get("specversion") != "1.0" or type(value["specversion"]) is not str:
        return f"specversion is {quote_value(value.get('specversion'))}, not '1.0'"
    source = value.get("source")
    if type(source) is not str or not source:
        return "source is missing"
    if not _is_json_type(value.get("datacontenttype", "application/json")):
        return "datacontenttype is not JSON"
    data = value.get("data", {})
    if "data_base64" in value or not isinstance(data, dict):
        return "data is not a JSON object"
    if "properties" in data and set(data) - {"quantity", "properties"}:
        return "data has properties and other members"
    return ""


def _is_json_type(name: object) -> bool:
    if not isinstance(name, str):
        return False
    essence = name.partition(";")[0].strip().lower()
    return essence in ("application/json", "text/json") or essence.endswith("+json")


def _write_line(members: dict[str, msgspec.Raw]) -> bytes:
    parts = [key + bytes(members[name]) for key, name in _FIELDS if name in members]
    data = _MEMBERS.decode(members["data"]) if "data" in members else {}
    quantity = data.pop("quantity", None)
    if quantity is not None:
        parts.append(b'"quantity":' + bytes(quantity))
    properties = bytes(data["properties"]) if "properties" in data else _write_members(data)
    parts.append(b'"properties":' + properties)
    return b"{" + b",".join(parts) + b"}"


def _write_members(members: dict[str, msgspec.Raw]) -> bytes:
    return msgspec.json.encode(members)
