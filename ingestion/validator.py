"""From text columns to the two tables that land: `events` and `rejected`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.columns import ParsedColumn
from ingestion.contracts import EVENTS_SCHEMA, REJECTED_SCHEMA
from ingestion.instants import parse_instants
from ingestion.native_lines import decode_lines
from ingestion.quantities import parse_quantities
from ingestion.rejections import Rejection, keep_raw_text
from ingestion.texts import parse_identities, parse_property_texts


@dataclass(frozen=True)
class Origin:
    """Where rows come from.

    Attributes:
        load_id: The load that they belong to.
        file_number: Number of the file (or other unit) within the load, from 1.
        delivery_prefix: First part of every delivery id of this unit: of a file the beginning of
            its SHA-256 (`file_prefix`), of a partition `topic:partition`.
    """

    load_id: int
    file_number: int
    delivery_prefix: str


def file_prefix(file_sha256: str) -> str:
    """Names a file in delivery ids.

    Args:
        file_sha256: SHA-256 of its bytes, 64 hexadecimal digits.

    Returns:
        The first 16 of them.
    """
    return file_sha256[:16]


@dataclass(frozen=True)
class Verdicts:
    """What a batch of source rows became.

    Attributes:
        events: Rows of `EVENTS_SCHEMA`.
        rejected: Rows of `REJECTED_SCHEMA`.
    """

    events: pa.Table
    rejected: pa.Table

    @property
    def received_count(self) -> int:
        """Number of deliveries: each became an event or was rejected."""
        return self.events.num_rows + self.rejected.num_rows


@dataclass(frozen=True)
class FaultyRow:
    """A delivery that is no event.

    Attributes:
        line_number: Line of the file, from 1.
        part: Number of the event within its line, from 1; None when a line makes only one.
        rejection: Why it is no event.
        raw: The bytes of the line.
    """

    line_number: int
    part: int | None
    rejection: Rejection
    raw: bytes


@dataclass(frozen=True)
class ParsedFields:
    """The fields of a batch of events after parsing, all of one length.

    Attributes:
        line_numbers: int64, line of the file, from 1.
        customer_id: Texts.
        event_id: Texts.
        event_type: Texts.
        occurred_at: timestamp[us, UTC].
        quantity: decimal128(38, 9).
        properties: JSON texts.
    """

    line_numbers: pa.Array
    customer_id: ParsedColumn
    event_id: ParsedColumn
    event_type: ParsedColumn
    occurred_at: ParsedColumn
    quantity: ParsedColumn
    properties: ParsedColumn

    @property
    def columns(self) -> tuple[tuple[str, ParsedColumn], ...]:
        """Name and column, in the order of the table; the first faulty one names the reason."""
        names = ("customer_id", "event_id", "event_type", "occurred_at", "quantity", "properties")
        return tuple((name, getattr(self, name)) for name in names)


def validate_lines(lines: list[bytes], *, first_line: int, origin: Origin) -> Verdicts:
    """Validates consecutive lines of native JSON.

    Blank lines are passed over: they are no deliveries.

    Args:
        lines: The lines without their line feeds; a carriage return at the end is let pass.
        first_line: Number in the file of the first of them, from 1.
        origin: Where they come from.

    Returns:
        The events and the rejected lines, each in the order of the file.
    """
    numbers: Sequence[int] | np.ndarray = np.arange(first_line, first_line + len(lines))
    if b"" in lines or b"\r" in lines:
        kept = [row for row, line in enumerate(lines) if line.strip()]
        numbers = [first_line + row for row in kept]
        lines = [lines[row] for row in kept]
    table, faults = decode_lines(lines)
    line_faults = {row: fault for row, fault in faults.items() if lines[row].strip()}
    line_numbers = pa.array(numbers, pa.int64())
    fields = parse_fields(table, line_numbers=line_numbers.take(table["row"].combine_chunks()))
    events, field_faults = judge_fields(fields, origin=origin, part=None)
    rows = table["row"].to_pylist() if field_faults else []
    faults = {**line_faults, **{rows[row]: fault for row, fault in field_faults.items()}}
    rejected = [
        FaultyRow(int(numbers[row]), None, fault, lines[row])
        for row, fault in sorted(faults.items())
    ]
    return Verdicts(events, build_rejected(rejected, origin=origin))


def parse_fields(table: pa.Table, *, line_numbers: pa.Array) -> ParsedFields:
    """Parses text columns that are named as the fields of `UsageEvent`.

    Args:
        table: The text columns; null where a field is absent.
        line_numbers: Line of the file of each row, int64.

    Returns:
        The parsed fields, with the faults of each.
    """

    def column(name: str) -> pa.Array:
        chunked = table[name]
        return chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()

    return ParsedFields(
        line_numbers=line_numbers,
        customer_id=parse_identities(column("customer_id"), field="customer_id"),
        event_id=parse_identities(column("event_id"), field="event_id"),
        event_type=parse_identities(column("event_type"), field="event_type"),
        occurred_at=parse_instants(column("occurred_at")),
        quantity=parse_quantities(column("quantity")),
        properties=parse_property_texts(column("properties")),
    )


def judge_fields(
    fields: ParsedFields, *, origin: Origin, part: int | None
) -> tuple[pa.Table, dict[int, Rejection]]:
    """Builds the events of the rows that have no fault.

    Args:
        fields: The parsed fields.
        origin: Where they come from.
        part: Number of the event within its line, from 1; None when a line makes only one.

    Returns:
        Rows of `EVENTS_SCHEMA`, and the first fault of each other row, by row number.
    """
    faults: dict[int, Rejection] = {}
    for _, column in reversed(fields.columns):
        faults.update(column.faults)
    count = len(fields.line_numbers)
    arrays: dict[str, pa.Array] = {
        "load_id": pa.repeat(pa.scalar(origin.load_id, pa.int64()), count),
        "delivery_id": name_deliveries(fields.line_numbers, origin=origin, part=part),
        "file_number": pa.repeat(pa.scalar(origin.file_number, pa.int32()), count),
        "line_number": fields.line_numbers,
        **{name: column.values for name, column in fields.columns},
    }
    if faults:
        kept = pa.array([row for row in range(count) if row not in faults], pa.int64())
        arrays = {name: values.take(kept) for name, values in arrays.items()}
    return pa.table(list(arrays.values()), schema=EVENTS_SCHEMA), faults


def name_deliveries(line_numbers: pa.Array, *, origin: Origin, part: int | None) -> pa.Array:
    """Names deliveries by where they stand: `<file>:<line>` or `<file>:<line>:<part>`.

    Args:
        line_numbers: Line of the file of each delivery, int64.
        origin: Where they come from.
        part: Number of the event within its line, from 1; None when a line makes only one.

    Returns:
        The delivery ids, as text.
    """
    texts = [pa.scalar(origin.delivery_prefix), line_numbers.cast(pa.string())]
    if part is not None:
        texts.append(pa.scalar(str(part)))
    return pc.binary_join_element_wise(*texts, ":")


def build_rejected(rows: Sequence[FaultyRow], *, origin: Origin) -> pa.Table:
    """Builds the table of the deliveries that are no events.

    Args:
        rows: The deliveries.
        origin: Where they come from.

    Returns:
        Rows of `REJECTED_SCHEMA`.
    """

    def column(value: Callable[[FaultyRow], object]) -> list[object]:
        return [value(row) for row in rows]

    def delivery_id(row: FaultyRow) -> str:
        part = "" if row.part is None else f":{row.part}"
        return f"{origin.delivery_prefix}:{row.line_number}{part}"

    columns = [
        column(lambda row: origin.load_id),
        column(delivery_id),
        column(lambda row: origin.file_number),
        column(lambda row: row.line_number),
        column(lambda row: row.rejection.reason.value),
        column(lambda row: row.rejection.detail),
        column(lambda row: keep_raw_text(row.raw)),
    ]
    return pa.table(columns, schema=REJECTED_SCHEMA)
