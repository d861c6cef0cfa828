"""The OpenAPI 3.1 description of the collector: its doors and every answer they give."""

from __future__ import annotations

from ingestion.collector.batches import CLOUD_EVENT, CLOUD_EVENT_BATCH, JSON, NDJSON
from ingestion.collector.openapi_schemas import build_schemas
from ingestion.collector.settings import CollectorSettings

Described = dict[str, object]

_TAKE = """Takes a batch of usage events. The answer is 202 once the batch is durable, and says of
each event whether it was accepted for landing, or rejected and why; rejected events are kept too,
for repair. An event that was sent before may be sent again: the same event id of the same customer
counts once. With an Idempotency-Key the same batch gets the same answer and is kept once.

A batch is refused whole, and nothing of it is kept, by any other answer. A JSON array is one JSON
text, refused whole when it is not well-formed; in NDJSON one bad line doesn't stop the others.

CloudEvents 1.0 in the structured mode: `id` is the event id, `type` the event type, `time` the time
of use, `subject` the customer; `data.quantity` is the quantity, and the properties are
`data.properties`, or, where that isn't there, all other members of `data`. An event id must be
unique within its customer, whatever the `source`. `dataschema` and extension attributes are not
kept. An event that can't be mapped is rejected as `malformed_row`."""

_PROBLEMS = {
    "400": "The request can't be read: no JSON, no event, a damaged compression, a bad header.",
    "401": "The API key is missing, unknown, expired or revoked.",
    "408": "The body didn't arrive in time.",
    "409": "The Idempotency-Key came with another body before.",
    "413": "The body, its content, the number of events or the nesting is beyond a limit.",
    "415": "The Content-Type or the Content-Encoding is not taken.",
    "429": "The key sent more events than it may at the moment.",
    "500": "The collector failed; nothing of the batch is kept.",
    "503": "The batch can't be taken at the moment; nothing of it is kept.",
}


def describe_api(settings: CollectorSettings) -> Described:
    """Describes the collector.

    Args:
        settings: How much it takes.

    Returns:
        An OpenAPI 3.1 document.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Meterhouse collector",
            "version": "1.0.0",
            "description": "Takes usage events by HTTP.",
        },
        "paths": {
            "/v1/events": {"post": _describe_door(settings)},
            "/healthz": {"get": _describe_view("getHealth", "Whether the process answers.")},
            "/readyz": {"get": _describe_readiness()},
            "/metrics": {
                "get": {
                    "operationId": "getMetrics",
                    "summary": "All figures, as Prometheus reads them.",
                    "responses": {
                        "200": {
                            "description": "The figures.",
                            "content": {"text/plain": {"schema": {"type": "string"}}},
                        }
                    },
                }
            },
            "/openapi.json": {"get": _describe_view("getDescription", "This description.")},
        },
        "components": {
            "schemas": build_schemas(max_events=settings.max_batch_events),
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
        },
    }


def _describe_door(settings: CollectorSettings) -> Described:
    responses: Described = {
        "202": {
            "description": "The batch is durable: what became of each event.",
            "content": {JSON: {"schema": _refer("Answer")}},
        },
        "403": {
            "description": "The key may not send for any of the customers; nothing is kept.",
            "content": {JSON: {"schema": _refer("Answer")}},
        },
    }
    for status, description in _PROBLEMS.items():
        responses[status] = _describe_problem(status, description)
    return {
        "operationId": "postEvents",
        "summary": "Takes a batch of usage events.",
        "description": _TAKE,
        "security": [{"apiKey": []}],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Names the batch, for the API key that sends it; kept for "
                f"{settings.idempotency_hours} hours.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            },
        ],
        "requestBody": {
            "required": True,
            "description": "Plain, or compressed once and named by Content-Encoding: gzip or zstd. "
            f"At most {settings.max_body_bytes} bytes as sent, "
            f"{settings.max_content_bytes} once decompressed, {settings.max_batch_events} events, "
            f"and {settings.max_nesting} levels of nesting in one event.",
            "content": {
                JSON: {"schema": {"oneOf": [_refer("SentEvent"), _refer("SentEvents")]}},
                NDJSON: {
                    "schema": {
                        "type": "string",
                        "description": "One event per line; blank lines are passed over.",
                    }
                },
                CLOUD_EVENT: {"schema": _refer("SentCloudEvent")},
                CLOUD_EVENT_BATCH: {"schema": _refer("SentCloudEvents")},
            },
        },
        "responses": dict(sorted(responses.items())),
    }


def _describe_problem(status: str, description: str) -> Described:
    found: Described = {
        "description": description,
        "content": {"application/problem+json": {"schema": _refer("Problem")}},
    }
    if status in ("429", "503"):
        found["headers"] = {
            "Retry-After": {
                "description": "Seconds until trying again may help.",
                "required": True,
                "schema": {"type": "integer", "minimum": 1},
            }
        }
    return found


def _describe_view(operation: str, summary: str) -> Described:
    return {
        "operationId": operation,
        "summary": summary,
        "responses": {
            "200": {"description": summary, "content": {JSON: {"schema": {"type": "object"}}}}
        },
    }


def _describe_readiness() -> Described:
    content = {JSON: {"schema": _refer("Readiness")}}
    return {
        "operationId": "getReadiness",
        "summary": "Whether batches can be taken.",
        "responses": {
            "200": {"description": "They can.", "content": content},
            "503": {"description": "They can't, and why.", "content": content},
        },
    }


def _refer(name: str) -> Described:
    return {"$ref": f"#/components/schemas/{name}"}
