"""Mappings: a YAML file that says how the rows of a file become usage events.

A value is the name of a column (or a dotted path into JSON), or one of `{constant: text}`,
`{join: [values], separator: text}`, `{first_of: [columns]}`. See `examples/mappings/`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ingestion.instants import parse_instant
from ingestion.mapping_yaml import read_yaml
from ingestion.quantities import parse_quantity
from ingestion.rejections import Rejection
from warehouse.errors import MeterhouseError, Problem


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _from_column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class Expression(_Strict):
    """A text made from the columns of one row.

    Attributes:
        column: Name of a column, or a dotted path into JSON.
        constant: The same text for every row.
        join: Values that are put together; absent when one of them is.
        separator: What stands between the joined values.
        first_of: Columns, of which the first that holds something is taken.
    """

    column: str | None = Field(default=None, min_length=1)
    constant: str | None = None
    join: tuple[Value, ...] | None = Field(default=None, min_length=1)
    separator: str = "/"
    first_of: tuple[str, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Expression:
        given = [self.column, self.constant, self.join, self.first_of]
        if sum(item is not None for item in given) != 1:
            raise ValueError("give exactly one of: a column, constant, join, first_of")
        return self

    def columns(self) -> set[str]:
        """Returns the columns that are read."""
        inner = (value.columns() for value in self.join or ())
        own = {self.column} if self.column else set()
        return own.union(self.first_of or (), *inner)


Value = Annotated[Expression, BeforeValidator(_from_column)]


class InstantColumn(_Strict):
    """Where the time of an event stands, and how it is written.

    Attributes:
        column: The column.
        format: `rfc3339` (with offset or Z), or a format of strptime; with `zone` and no format:
            `YYYY-MM-DD hh:mm:ss` with an optional fraction.
        zone: IANA zone of wall-clock times that have no offset.
        ambiguous: What an hour that a zone has twice means; without it such a time is rejected.
        unit: The column is a number of these since `anchor`.
        anchor: RFC 3339 time that the number counts from; 1970-01-01T00:00:00Z when not given.
    """

    column: str = Field(min_length=1)
    format: str | None = None
    zone: str | None = None
    ambiguous: Literal["reject", "earlier", "later"] = "reject"
    unit: Literal["s", "ms", "us"] | None = None
    anchor: str | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> InstantColumn:
        if self.unit and (self.format or self.zone):
            raise ValueError("a number (unit) has neither format nor zone")
        if self.anchor is not None:
            if not self.unit:
                raise ValueError("anchor needs the unit of the number that counts from it")
            if isinstance(parse_instant(self.anchor), Rejection):
                raise ValueError("anchor is not an RFC 3339 time with an offset or Z")
        if self.zone is not None:
            try:
                ZoneInfo(self.zone)
            except (KeyError, ValueError, OSError):
                raise ValueError(f"{self.zone!r} is not an IANA time zone") from None
        has_format = self.format not in (None, "rfc3339")
        if has_format and ("%z" in str(self.format)) == (self.zone is not None):
            raise ValueError("a format has either %z in it or a zone beside it")
        if self.format == "rfc3339" and self.zone is not None:
            raise ValueError("rfc3339 times have their offset in them: leave out zone or format")
        if self.ambiguous != "reject" and self.zone is None:
            raise ValueError("ambiguous is about times of a zone: give the zone")
        return self

    def anchor_instant(self) -> datetime:
        """Returns the instant that numbers count from."""
        found = parse_instant(self.anchor or "1970-01-01T00:00:00Z")
        assert isinstance(found, datetime)  # noqa: S101  checked when the mapping was read
        return found


class Condition(_Strict):
    """A condition on a row: a column that equals a text."""

    column: str = Field(min_length=1)
    equals: str


class EventTemplate(_Strict):
    """One event that a row gives.

    Attributes:
        event_type: What happened.
        customer_id: Who is billed.
        event_id: Identity within the customer.
        occurred_at: When.
        quantity: How much.
        properties: Property name to value; an absent or empty value leaves the property out.
        properties_json: Column that holds the properties as JSON text, instead.
        when: Rows that give this event; all of them when not given.
    """

    event_type: Value
    customer_id: Value
    event_id: Value
    occurred_at: Annotated[InstantColumn, BeforeValidator(_from_column)]
    quantity: Value
    properties: dict[str, Value] = Field(default_factory=dict)
    properties_json: str | None = None
    when: Condition | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> EventTemplate:
        if self.properties and self.properties_json:
            raise ValueError("give properties or properties_json, not both")
        constant = self.quantity.constant
        if constant is not None and isinstance(parse_quantity(constant), Rejection):
            raise ValueError(f"quantity: the constant {constant!r} is not a quantity")
        return self

    def columns(self) -> set[str]:
        """Returns the columns that are read."""
        values = (self.event_type, self.customer_id, self.event_id, self.quantity)
        found = {self.occurred_at.column}.union(*(value.columns() for value in values))
        found.update(*(value.columns() for value in self.properties.values()))
        found.update(filter(None, [self.properties_json, self.when and self.when.column]))
        return found


class CsvOptions(_Strict):
    """How a CSV file is written.

    Attributes:
        separator: What stands between fields, one character.
        decimal: The decimal point of quantities; with a comma, a point is no number.
        encoding: Character encoding.
        quote: The quote, one character.
        columns: Names of the columns of a file that has no header line.
    """

    separator: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "latin-1", "cp1252", "ascii"] = "utf-8"
    quote: str = Field(default='"', min_length=1, max_length=1)
    columns: tuple[str, ...] | None = Field(default=None, min_length=1)


class Mapping(_Strict):
    """How the rows of a file become usage events.

    Attributes:
        name: Name of the mapping; a file is loaded once per mapping.
        description: Words for a reader.
        format: Format of the files.
        csv: How CSV files are written.
        missing: Texts that mean that there is no value, such as `NA`.
        events: The events that one row gives.
        unmatched: What becomes of a row that gives no event: rejected, or ignored.
        sha256: SHA-256 of the mapping's file; set when it is read.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    description: str = ""
    format: Literal["csv", "jsonl", "parquet"]
    csv: CsvOptions = CsvOptions()
    missing: tuple[str, ...] = ()
    events: tuple[EventTemplate, ...] = Field(min_length=1)
    unmatched: Literal["reject", "ignore"] = "reject"
    sha256: str = ""

    def columns(self) -> list[str]:
        """Returns the columns that are read, by name."""
        return sorted(set().union(*(template.columns() for template in self.events)))


def load_mapping(path: Path) -> Mapping:
    """Reads a mapping from its YAML file.

    Every scalar is read as the text that stands there, so that `1.10`, `no` and `2026-09-01` mean
    what they look like.

    Args:
        path: The file.

    Returns:
        The mapping.

    Raises:
        MeterhouseError: The file can't be read or says something that makes no sense; each problem
            names the line, the field and the remedy.
    """
    document = read_yaml(path)
    try:
        mapping = Mapping.model_validate(document.value)
    except ValidationError as error:
        problems = [
            Problem(
                message=item["msg"].removeprefix("Value error, "),
                remedy="see ingestion/mappings.py for what each field may be",
                file=str(path),
                line=document.line_of(item["loc"]),
                field=".".join(map(str, item["loc"])) or None,
            )
            for item in error.errors()
        ]
        raise MeterhouseError(
            f"The mapping {path.name} can't be used.", problems=problems
        ) from error
    return mapping.model_copy(update={"sha256": hashlib.sha256(path.read_bytes()).hexdigest()})


def native_mapping(file_format: Literal["csv", "parquet"], *, has_properties: bool) -> Mapping:
    """Returns the built-in mapping of native events in CSV or Parquet.

    Args:
        file_format: The format.
        has_properties: Whether there is a column `properties` (JSON text).

    Returns:
        A mapping whose columns are the fields of `UsageEvent`.
    """
    names = ("event_type", "customer_id", "event_id", "occurred_at", "quantity")
    template = {name: name for name in names}
    if has_properties:
        template["properties_json"] = "properties"
    return Mapping.model_validate({"name": "native", "format": file_format, "events": [template]})
