"""Sources: a YAML file that says which table to pull, by which column, and what its rows mean."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ingestion.mapping_yaml import read_yaml
from ingestion.mappings import EventTemplate, Mapping
from ingestion.sql_door.settings import SqlSettings
from warehouse.errors import MeterhouseError, Problem

_OVERLAP = re.compile(r"([1-9][0-9]{0,8})([smhd]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _check_overlap(text: str) -> str:
    if not _OVERLAP.fullmatch(text):
        raise ValueError("write 90s, 15m, 2h or 1d; for a cursor of whole numbers a number")
    return text


class CursorColumn(BaseModel):
    """The column by which new and changed rows are found.

    Attributes:
        column: A timestamp, or a whole number, that grows with each insert and change.
        overlap: How far below the highest value seen each pull reads again, so that rows which
            were committed late are found: a duration, or a number of steps.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str = Field(min_length=1)
    overlap: Annotated[str, AfterValidator(_check_overlap)]

    @property
    def duration(self) -> timedelta | None:
        """The overlap as a duration; None where it is a number of steps."""
        number, unit = self._parts()
        return timedelta(seconds=number * _SECONDS[unit]) if unit else None

    @property
    def steps(self) -> int:
        """The overlap as a number."""
        return self._parts()[0]

    def _parts(self) -> tuple[int, str]:
        found = _OVERLAP.fullmatch(self.overlap)
        assert found is not None  # noqa: S101  checked when the source was read
        return int(found.group(1)), found.group(2)


class SqlSource(BaseModel):
    """A table to pull.

    Attributes:
        name: Name of the source; how far it was pulled is kept under it.
        description: Words for a reader.
        connection: Name of the environment variable that holds the database's URL.
        table: The table or view, with its schema: `billing.usage_records`.
        cursor: The column by which rows are pulled.
        primary_key: Columns that identify a row; those of the table's own key when not given.
        missing: Texts that mean that there is no value.
        events: The events that one row gives, as in mappings of files.
        unmatched: What becomes of a row that gives no event: rejected, or ignored.
        path: The file, for errors.
        sha256: SHA-256 of the file.
        lines: Line of each top-level key, for errors.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")
    description: str = ""
    connection: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    table: str = Field(pattern=r"^([^.]+\.)?[^.]+$")
    cursor: CursorColumn
    primary_key: tuple[str, ...] | None = Field(default=None, min_length=1)
    missing: tuple[str, ...] = ()
    events: tuple[EventTemplate, ...] = Field(min_length=1)
    unmatched: Literal["reject", "ignore"] = "reject"
    path: str = ""
    sha256: str = ""
    lines: dict[str, int] = Field(default_factory=dict)

    @property
    def mapping(self) -> Mapping:
        """How rows become events, as for files."""
        return Mapping(
            name=self.name,
            format="parquet",
            missing=self.missing,
            events=self.events,
            unmatched=self.unmatched,
            sha256=self.sha256,
        )

    @property
    def schema_and_table(self) -> tuple[str | None, str]:
        """The table's schema, None where none is named, and its name."""
        schema, _, table = self.table.rpartition(".")
        return schema or None, table

    def refuse(self, message: str, *, field: str, remedy: str) -> MeterhouseError:
        """Makes the error that says what is wrong with the source.

        Args:
            message: What is wrong.
            field: The key of the file that it is about.
            remedy: What to do about it.

        Returns:
            The error, to be raised.
        """
        line = self.lines.get(field.partition(".")[0])
        problem = Problem(message, remedy, file=self.path, line=line, field=field)
        return MeterhouseError(f"The source {self.name} can't be pulled.", problems=[problem])


def load_source(path: Path) -> SqlSource:
    """Reads a source from its YAML file.

    Args:
        path: The file.

    Returns:
        The source.

    Raises:
        MeterhouseError: The file can't be read or says something that makes no sense; each problem
            names the line, the field and the remedy.
    """
    document = read_yaml(path)
    try:
        source = SqlSource.model_validate(document.value)
    except ValidationError as error:
        problems = [
            Problem(
                message=item["msg"].removeprefix("Value error, "),
                remedy="see ingestion/sql_door/sources.py and docs/doors.md for what it may be",
                file=str(path),
                line=document.line_of(item["loc"]),
                field=".".join(map(str, item["loc"])) or None,
            )
            for item in error.errors()
        ]
        raise MeterhouseError(
            f"The source {path.name} can't be used.", problems=problems
        ) from error
    return source.model_copy(
        update={
            "path": str(path),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "lines": {
                str(place[0]): line for place, line in document.lines.items() if len(place) == 1
            },
        }
    )


def list_sources(settings: SqlSettings | None = None) -> list[Path]:
    """Lists the source files that scheduled work pulls.

    Args:
        settings: Settings; from the environment when not given.

    Returns:
        The files, by name; none where no folder is configured.

    Raises:
        MeterhouseError: The configured folder isn't there.
    """
    folder = (settings or SqlSettings()).sources
    if folder is None:
        return []
    if not folder.is_dir():
        raise MeterhouseError(
            f"There is no folder {folder}.", remedy="mend METERHOUSE_SQL_SOURCES, or unset it"
        )
    return sorted(folder.glob("*.yaml"))
