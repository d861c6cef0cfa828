"""The wire contract of a usage event, and the fixed schemas of the two tables that land."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import pyarrow as pa
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

NATIVE = "native"
"""Name of the built-in mapping: files whose fields are already those of `UsageEvent`."""

QUANTITY_PRECISION = 38
QUANTITY_SCALE = 9
QUANTITY_INTEGER_DIGITS = 29
"""Digits before the decimal point: what a month adds up to still has room for a price."""
MAX_IDENTITY_BYTES = 1024
"""UTF-8 bytes of customer, event id or event type: two of them fit one index entry of Postgres."""
MAX_LINE_BYTES = 1 << 20
MAX_PROPERTIES_DEPTH = 32

EVENTS_SCHEMA = pa.schema(
    [
        pa.field("load_id", pa.int64(), nullable=False),
        pa.field("delivery_id", pa.string(), nullable=False),
        pa.field("file_number", pa.int32(), nullable=False),
        pa.field("line_number", pa.int64(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("occurred_at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("quantity", pa.decimal128(QUANTITY_PRECISION, QUANTITY_SCALE), nullable=False),
        pa.field("properties", pa.string(), nullable=False),
    ]
)
"""Exactly the columns of `raw_usage.events`. Grain: one row per delivery of an event."""

REJECTED_SCHEMA = pa.schema(
    [
        pa.field("load_id", pa.int64(), nullable=False),
        pa.field("delivery_id", pa.string(), nullable=False),
        pa.field("file_number", pa.int32(), nullable=False),
        pa.field("line_number", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("raw_text", pa.string(), nullable=False),
    ]
)
"""Exactly the columns of `raw_usage.rejected`. Grain: one row per line that is no event."""


class Reason(StrEnum):
    """Why a delivery can't become an event, as far as the delivery itself tells."""

    MALFORMED_JSON = "malformed_json"
    MALFORMED_ROW = "malformed_row"
    MISSING_FIELD = "missing_field"
    NOT_A_NUMBER = "not_a_number"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    NOT_A_TIME = "not_a_time"
    INVALID_TEXT = "invalid_text"
    DUPLICATE_KEY = "duplicate_key"
    LINE_TOO_LONG = "line_too_long"
    EMPTY_MESSAGE = "empty_message"


class UsageEvent(BaseModel):
    """One usage event as a client sends it: one line of JSON, one row of CSV or Parquet.

    The contract in a readable form, for clients and for JSON Schema; files are checked by
    `ingestion.validator`, which keeps to the same rules a thousand lines at a time.

    Attributes:
        event_id: Identity of the event within its customer; at most 1024 bytes of UTF-8.
        customer_id: Who is billed; at most 1024 bytes of UTF-8.
        event_type: What happened; a meter of the catalog counts it; at most 1024 bytes of UTF-8.
        occurred_at: When it happened: RFC 3339 with an offset or Z, at most microseconds.
        quantity: How much, as a JSON number or as a string; up to 29 digits before the decimal
            point and 9 after it; negative for a correction.
        properties: What meters may split by: a JSON object.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: str = Field(min_length=1, max_length=MAX_IDENTITY_BYTES)
    customer_id: str = Field(min_length=1, max_length=MAX_IDENTITY_BYTES)
    event_type: str = Field(min_length=1, max_length=MAX_IDENTITY_BYTES)
    occurred_at: AwareDatetime
    quantity: Decimal = Field(
        max_digits=QUANTITY_INTEGER_DIGITS + QUANTITY_SCALE, decimal_places=QUANTITY_SCALE
    )
    properties: dict[str, JsonValue] = Field(default_factory=dict)
