"""Pulls the rows of a source into a spool: text as Postgres writes it, so that nothing is rounded.

dlt's `sql_table` reads the rows; every column that is mapped is cast to text by the database, the
cursor keeps its type. So one value that Arrow or Python can't hold is one row in quarantine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa
from dlt.common.configuration.container import Container
from dlt.common.pipeline import StateInjectableContext
from dlt.sources.sql_database import sql_table

from ingestion.sql_door.cursors import CursorValue
from ingestion.sql_door.sources import SqlSource
from ingestion.sql_door.tables import PulledTable
from warehouse.progress import progress

_CURSOR = "cursor_value"
_TEXT = pa.string()
_DELIVERY = "delivery"
_LONGEST_KEY = 200
_FARTHEST_ZONE = timedelta(hours=14)


@dataclass(frozen=True)
class Pulled:
    """Rows that wait in the spool.

    Attributes:
        path: The Parquet file: `delivery`, and the mapped columns `c0`, `c1`, ... as text.
        row_count: Rows in it: those that have not landed before.
        read_count: Rows that were read.
        largest: The largest cursor value that was read; None if no row had one.
        high: The largest that isn't later than the source's own clock; where all are, the clock.
        null_count: Rows in it that have no cursor value.
        sha256: SHA-256 of the delivery ids.
    """

    path: Path
    row_count: int
    read_count: int
    largest: CursorValue | None
    high: CursorValue | None
    null_count: int
    sha256: str


def pull_rows(
    engine: sa.Engine,
    source: SqlSource,
    table: PulledTable,
    *,
    start: CursorValue | None,
    known: pa.Array,
    path: Path,
    chunk_rows: int,
) -> Pulled:
    """Reads the rows from a cursor value on, in one snapshot, and keeps those that are new.

    Args:
        engine: Engine of the application's database.
        source: The source.
        table: What was checked of its table.
        start: The lowest cursor value to read; None for everything.
        known: Rows that have landed.
        path: The file to write.
        chunk_rows: Rows that are fetched at a time.

    Returns:
        What is in the file.

    Raises:
        MeterhouseError: The primary key that the source names isn't unique.
        sqlalchemy.exc.SQLAlchemyError: The database fails, or refuses.
    """
    names = source.mapping.columns()
    limit = _clock_of(engine, table)
    spool = _Spool(source, names, table, known, limit)
    schema = pa.schema(
        [(_DELIVERY, _TEXT), *((f"c{number}", _TEXT) for number in range(len(names)))]
    )
    with (
        pq.ParquetWriter(path, schema, compression="zstd") as writer,
        progress().task(f"Pulling {source.table}", unit="rows") as task,
    ):
        for chunk in _read_chunks(engine, source, table, names, start, chunk_rows):
            task.advance(chunk.num_rows)
            writer.write_table(spool.keep(chunk).cast(schema))
    if not table.is_key_proved:
        _prove_key(source, path)
    return Pulled(
        path=path,
        row_count=spool.row_count,
        read_count=spool.read_count,
        largest=spool.largest,
        high=spool.high,
        null_count=spool.null_count,
        sha256=spool.digest.hexdigest(),
    )


def _read_chunks(
    engine: sa.Engine,
    source: SqlSource,
    table: PulledTable,
    names: Sequence[str],
    start: CursorValue | None,
    chunk_rows: int,
) -> Iterator[pa.Table]:
    """Reads by dlt, whose own state begins and ends here: the position is kept with the load."""

    def as_text(found: sa.Table) -> sa.Subquery:
        keys = [_text_of(found, name, f"k{place}") for place, name in enumerate(table.primary_key)]
        values = [_text_of(found, name, f"c{place}") for place, name in enumerate(names)]
        cursor = found.c[source.cursor.column].label(_CURSOR)
        return sa.select(cursor, *keys, *values).subquery("pulled")

    schema, name = source.schema_and_table
    resource = sql_table(
        credentials=engine,
        table=name,
        schema=schema,
        backend="pyarrow",
        chunk_size=chunk_rows,
        table_adapter_callback=as_text,
        incremental=dlt.sources.incremental(
            _CURSOR,
            initial_value=start,
            primary_key=(),
            on_cursor_value_missing="include" if table.may_lack_cursor else "raise",
        ),
    )
    with Container().injectable_context(StateInjectableContext(state={})):  # type: ignore[typeddict-item]
        yield from resource


def _text_of(table: sa.Table, name: str, label: str) -> sa.Label[str]:
    return sa.cast(table.c[name], sa.Text).label(label)


def _clock_of(engine: sa.Engine, table: PulledTable) -> CursorValue | None:
    """Returns the latest value that a timestamp can rightly have; None for numbers."""
    if table.cursor_kind == "number":
        return None
    with engine.connect() as connection:
        now: datetime = connection.execute(sa.text("select now()")).scalar_one().astimezone(UTC)
    return now if table.cursor_kind == "instant" else now.replace(tzinfo=None) + _FARTHEST_ZONE


class _Spool:
    """What was read so far, and what of it is new."""

    def __init__(
        self,
        source: SqlSource,
        names: Sequence[str],
        table: PulledTable,
        known: pa.Array,
        limit: CursorValue | None,
    ) -> None:
        self._source = source
        self._names = names
        self._table = table
        self._known = known
        self._limit = limit
        self._past: CursorValue | None = None
        self.row_count = self.read_count = self.null_count = 0
        self.largest: CursorValue | None = None
        self.digest = hashlib.sha256(source.name.encode())

    @property
    def high(self) -> CursorValue | None:
        """The largest cursor value that isn't in the future; the clock where all of them are."""
        return self._past if self._past is not None or self.largest is None else self._limit

    def keep(self, chunk: pa.Table) -> pa.Table:
        """Returns the rows of a chunk that have not landed, with their delivery ids."""
        chunk = chunk.combine_chunks()
        cursor = chunk[_CURSOR]
        self.largest = _larger(self.largest, pc.max(cursor).as_py())
        past = cursor
        if self._limit is not None:
            past = cursor.filter(pc.less_equal(cursor, pa.scalar(self._limit, cursor.type)))
        self._past = _larger(self._past, pc.max(past).as_py())
        columns = [self._column(chunk, number) for number in range(len(self._names))]
        deliveries = self._name_rows(chunk, columns)
        is_kept = pc.invert(pc.is_in(deliveries, self._known))
        if self._source.unmatched == "ignore":
            is_kept = pc.and_(is_kept, self._matches(columns))
        named = [f"c{number}" for number in range(len(columns))]
        kept = pa.table([deliveries, *columns], names=[_DELIVERY, *named]).filter(is_kept)
        self.read_count += chunk.num_rows
        self.row_count += kept.num_rows
        self.null_count += cursor.filter(is_kept).null_count
        for delivery in kept[_DELIVERY].to_pylist():
            self.digest.update(delivery.encode())
        return kept

    def _column(self, chunk: pa.Table, number: int) -> pa.Array:
        """Returns a mapped column; instants get the Z that Postgres writes as +00 in UTC."""
        values = _flat(chunk[f"c{number}"])
        if self._names[number] in self._table.zoned:
            return pc.replace_substring_regex(values, r"\+00$", "Z")
        return values

    def _name_rows(self, chunk: pa.Table, columns: Sequence[pa.Array]) -> pa.Array:
        keys = [
            _flat(chunk[f"k{place}"]).to_pylist() for place in range(len(self._table.primary_key))
        ]
        cursor = _flat(chunk[_CURSOR].cast(_TEXT)).to_pylist()
        contents = zip(cursor, *(column.to_pylist() for column in columns), strict=True)
        prefix = self._source.name
        named = (
            f"{prefix}:{_name_key(key)}:{_hash_row(content)}"
            for key, content in zip(zip(*keys, strict=True), contents, strict=True)
        )
        return pa.array(list(named), _TEXT)

    def _matches(self, columns: Sequence[pa.Array]) -> pa.Array:
        """Tells which rows give an event at all."""
        found = pa.array([False] * len(columns[0]))
        for template in self._source.events:
            if template.when is None:
                return pa.array([True] * len(columns[0]))
            values = columns[self._names.index(template.when.column)]
            found = pc.or_(found, pc.fill_null(pc.equal(values, template.when.equals), False))
        return found


def _larger(one: CursorValue | None, other: CursorValue | None) -> CursorValue | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)  # type: ignore[type-var]


def _flat(values: pa.ChunkedArray) -> pa.Array:
    return (
        pa.concat_arrays(values.chunks).cast(values.type)
        if values.chunks
        else values.combine_chunks()
    )


def _name_key(parts: Sequence[str | None]) -> str:
    """Names a row by its primary key: parts joined by `,`; a very long key by its SHA-256."""
    escaped = (
        "" if part is None else part.replace("%", "%25").replace(":", "%3A") for part in parts
    )
    name = ",".join(part.replace(",", "%2C") for part in escaped)
    return name if len(name) <= _LONGEST_KEY else hashlib.sha256(name.encode()).hexdigest()


def _hash_row(values: Sequence[str | None]) -> str:
    """Hashes a row's content; Postgres texts hold no NUL, so that it can stand between them."""
    written = "\x00".join("n" if value is None else f"v{value}" for value in values)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def _prove_key(source: SqlSource, path: Path) -> None:
    """Refuses a key that two rows of one pull share, with the same content."""
    counted = pc.value_counts(pq.read_table(path, columns=[_DELIVERY])[_DELIVERY])
    for entry in counted:
        if entry["counts"].as_py() > 1:
            shared = str(entry["values"].as_py()).split(":")[1]
            raise source.refuse(
                f"the primary key is not unique: {shared} is there more than once",
                field="primary_key",
                remedy="name columns that identify a row",
            )
