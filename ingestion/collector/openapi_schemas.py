"""JSON schemas of what the collector takes and answers."""

from __future__ import annotations

from ingestion.collector.answers import Outcome
from ingestion.contracts import MAX_IDENTITY_BYTES, Reason

Schema = dict[str, object]

_IDENTITY: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_IDENTITY_BYTES}
_QUANTITY: Schema = {
    "description": "A number, better as a string; at most 29 digits before the decimal point and 9 "
    "after it, negative for a correction. Never rounded.",
    "oneOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?[0-9]{1,29}(\.[0-9]{1,9})?$"}],
}
_INSTANT: Schema = {
    "type": "string",
    "format": "date-time",
    "description": "RFC 3339 with an offset or Z, at most microseconds.",
}
_USAGE_EVENT: Schema = {
    "type": "object",
    "required": ["event_id", "customer_id", "event_type", "occurred_at", "quantity"],
    "additionalProperties": False,
    "properties": {
        "event_id": {**_IDENTITY, "description": "Identity of the event within its customer."},
        "customer_id": {**_IDENTITY, "description": "Who is billed."},
        "event_type": {**_IDENTITY, "description": "What happened; a meter counts it."},
        "occurred_at": _INSTANT,
        "quantity": _QUANTITY,
        "properties": {"type": ["object", "null"], "description": "What meters may split by."},
    },
    "examples": [
        {
            "event_id": "7c0e9f3a",
            "customer_id": "acme",
            "event_type": "api.request",
            "occurred_at": "2026-11-20T10:00:00Z",
            "quantity": "1",
            "properties": {"region": "eu-west"},
        }
    ],
}
_CLOUD_EVENT: Schema = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _IDENTITY,
        "source": {"type": "string", "minLength": 1},
        "type": _IDENTITY,
        "subject": _IDENTITY,
        "time": _INSTANT,
        "datacontenttype": {"type": "string"},
        "data": {
            "type": "object",
            "required": ["quantity"],
            "properties": {
                "quantity": _QUANTITY,
                "properties": {"type": ["object", "null"]},
            },
        },
    },
}
_ANYTHING = "Any other JSON value is taken too, and rejected by itself."


def build_schemas(*, max_events: int) -> dict[str, Schema]:
    """Builds the schemas that the description refers to.

    Args:
        max_events: Events that a batch may have.

    Returns:
        Name to schema.
    """
    count: Schema = {"type": "integer", "minimum": 0, "maximum": max_events}
    item: Schema = {"description": _ANYTHING}
    return {
        "UsageEvent": _USAGE_EVENT,
        "CloudEvent": _CLOUD_EVENT,
        "SentEvent": {
            "description": "A usage event. Any other object is taken too, and rejected by itself.",
            "anyOf": [_refer("UsageEvent"), {"type": "object"}],
        },
        "SentEvents": _list_of({"anyOf": [_refer("UsageEvent"), item]}),
        "SentCloudEvent": {"anyOf": [_refer("CloudEvent"), item]},
        "SentCloudEvents": _list_of({"anyOf": [_refer("CloudEvent"), item]}),
        "Answer": _describe_answer(count),
        "EventOutcome": _describe_outcome(count),
        "Problem": {
            "type": "object",
            "description": "RFC 9457, with a code for programs and a remedy for people.",
            "required": ["type", "title", "status", "code", "detail", "remedy"],
            "additionalProperties": False,
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "code": {"type": "string", "pattern": "^[a-z_]+$"},
                "detail": {"type": "string"},
                "remedy": {"type": "string"},
            },
        },
        "Readiness": {
            "type": "object",
            "required": ["status"],
            "properties": {
                "status": {"enum": ["ready", "not_ready"]},
                "detail": {"type": "string"},
            },
        },
    }


def _describe_answer(count: Schema) -> Schema:
    numbers = ("received", "accepted", "rejected", "forbidden")
    return {
        "type": "object",
        "required": ["batch_id", *numbers, "events"],
        "additionalProperties": False,
        "properties": {
            "batch_id": {
                "type": "string",
                "description": "Where the batch was kept: the file, and the line of its first "
                "event; empty when nothing of it was.",
            },
            **dict.fromkeys(numbers, count),
            "events": {
                "type": "array",
                "description": "One item for each event, in the order they were sent.",
                "items": _refer("EventOutcome"),
            },
        },
    }


def _describe_outcome(count: Schema) -> Schema:
    reasons = [*(reason.value for reason in Reason), Outcome.FORBIDDEN.value]
    return {
        "type": "object",
        "required": ["index", "outcome"],
        "additionalProperties": False,
        "properties": {
            "index": count,
            "outcome": {"enum": [outcome.value for outcome in Outcome]},
            "reason": {"enum": reasons},
            "detail": {"type": "string"},
        },
    }


def _list_of(item: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": item}


def _refer(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
