"""The table of a source as it is: its columns and types, checked before a row is read."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ingestion.sql_door.sources import SqlSource
from warehouse.errors import MeterhouseError

_INEXACT = ("real", "double", "float", "money")  # as the names of types begin
_NO_SINGLE_VALUE = (sa.ARRAY, sa.LargeBinary, sa.types.NullType, postgresql.HSTORE)
_JSON = (sa.JSON, postgresql.JSONB)


@dataclass(frozen=True)
class PulledTable:
    """A table that was checked.

    Attributes:
        primary_key: Columns that identify a row.
        is_key_proved: Whether the database itself keeps the key unique.
        cursor_kind: `instant` (with a zone), `wall_clock` (without) or `number`.
        may_lack_cursor: Whether the cursor column may be null.
        zoned: Columns that are instants with a zone.
    """

    primary_key: tuple[str, ...]
    is_key_proved: bool
    cursor_kind: str
    may_lack_cursor: bool
    zoned: frozenset[str]


def check_table(engine: sa.Engine, source: SqlSource) -> PulledTable:
    """Checks a source against its table.

    Args:
        engine: Engine of the application's database.
        source: The source.

    Returns:
        What is known of the table.

    Raises:
        MeterhouseError: The table or a column isn't there or can't be read, or a type doesn't do.
        sqlalchemy.exc.SQLAlchemyError: The database can't be reached.
    """
    schema, table = source.schema_and_table
    inspector = sa.inspect(engine)
    if not inspector.has_table(table, schema=schema):
        raise source.refuse(
            f"there is no table {source.table} that this user may see",
            field="table",
            remedy="check its name and schema, and the database in the connection",
        )
    columns = {str(item["name"]): item for item in inspector.get_columns(table, schema=schema)}
    own_key = tuple(inspector.get_pk_constraint(table, schema=schema)["constrained_columns"])
    key = source.primary_key or own_key
    if not key:
        raise source.refuse(
            f"{source.table} has no primary key",
            field="primary_key",
            remedy="name the columns that identify a row: primary_key: [column]",
        )
    wanted = {**dict.fromkeys(source.mapping.columns(), "events"), source.cursor.column: "cursor"}
    for name, field in {**dict.fromkeys(key, "primary_key"), **wanted}.items():
        if name not in columns:
            raise source.refuse(
                f"column {name} is not in {source.table}",
                field=field,
                remedy=f"it has the columns {', '.join(columns)}",
            )
    types = {name: _plain_type(item["type"]) for name, item in columns.items()}
    _check_types(source, types)
    return PulledTable(
        primary_key=key,
        is_key_proved=set(key) == set(own_key),
        cursor_kind=_cursor_kind(source, types[source.cursor.column]),
        may_lack_cursor=bool(columns[source.cursor.column]["nullable"]),
        zoned=frozenset(name for name, kind in types.items() if _is_zoned(kind)),
    )


def _plain_type(kind: sa.types.TypeEngine[object]) -> sa.types.TypeEngine[object]:
    return kind.data_type if isinstance(kind, postgresql.DOMAIN) else kind


def _is_zoned(kind: sa.types.TypeEngine[object]) -> bool:
    return isinstance(kind, sa.DateTime) and bool(kind.timezone)


def _check_types(source: SqlSource, types: dict[str, sa.types.TypeEngine[object]]) -> None:
    plain = (item.model_copy(update={"properties_json": None}) for item in source.events)
    single_values = set().union(*(template.columns() for template in plain))
    for name in source.mapping.columns():
        kind = types[name]
        if _name(kind).startswith(_INEXACT):
            raise source.refuse(
                f"column {name} is {_name(kind)}, which holds no exact decimals",
                field="events",
                remedy=f"make {name} numeric, or pull a view that casts it to numeric",
            )
        if isinstance(kind, _NO_SINGLE_VALUE) or (
            isinstance(kind, _JSON) and name in single_values
        ):
            raise source.refuse(
                f"column {name} is {_name(kind)}, which is not a single value",
                field="events",
                remedy="map text, numeric, whole numbers, booleans, dates and timestamps; json "
                "for properties_json",
            )
    for template in source.events:
        _check_time(source, template.occurred_at, types[template.occurred_at.column])


def _check_time(source: SqlSource, time: object, kind: sa.types.TypeEngine[object]) -> None:
    zone, unit = getattr(time, "zone", None), getattr(time, "unit", None)
    time_format = getattr(time, "format", None)
    column = getattr(time, "column", "")
    if _is_zoned(kind) and (zone or unit or time_format not in (None, "rfc3339")):
        fault, remedy = "has its zone in it", "leave out zone, unit and format"
    elif isinstance(kind, sa.DateTime) and not kind.timezone and not zone:
        fault, remedy = "has no zone", f"say it: {{column: {column}, zone: UTC}}"
    elif isinstance(kind, sa.Integer) and not unit:
        fault, remedy = "is a number", f"say of what: {{column: {column}, unit: ms}}"
    else:
        return
    raise source.refuse(
        f"column {column} is {_name(kind)} and {fault}", field="events", remedy=remedy
    )


def _cursor_kind(source: SqlSource, kind: sa.types.TypeEngine[object]) -> str:
    found = "instant" if _is_zoned(kind) else "wall_clock" if isinstance(kind, sa.DateTime) else ""
    found = "number" if isinstance(kind, sa.Integer) else found
    column = source.cursor.column
    if not found:
        raise source.refuse(
            f"column {column} is {_name(kind)}, which can't be a cursor",
            field="cursor",
            remedy="take a timestamp or a whole number that grows with each insert and change",
        )
    if (found == "number") == (source.cursor.duration is not None):
        wanted = "a number of steps, 1000" if found == "number" else "a duration: 15m, 2h, 1d"
        raise source.refuse(
            f"the overlap {source.cursor.overlap} doesn't go with {column}, which is {_name(kind)}",
            field="cursor.overlap",
            remedy=f"write {wanted}",
        )
    return found


def _name(kind: sa.types.TypeEngine[object]) -> str:
    try:
        return kind.compile(dialect=postgresql.dialect()).lower()
    except sa.exc.SQLAlchemyError:
        return "of a type that is not known"


def explain_database_fault(error: sa.exc.SQLAlchemyError, source: SqlSource) -> MeterhouseError:
    """Says what a database's refusal means, without the password of its URL.

    Args:
        error: What SQLAlchemy raised.
        source: The source that was pulled.

    Returns:
        The error, to be raised.
    """
    original = getattr(error, "orig", None)
    said = str(original or error).strip().splitlines()[0]
    if type(original).__name__ == "InsufficientPrivilege":
        return source.refuse(
            f"the user of {source.connection} may not read: {said}",
            field="table",
            remedy=f"grant select on {source.table} to that user (and usage on its schema)",
        )
    return source.refuse(
        f"the database doesn't answer as it should: {said}",
        field="connection",
        remedy=f"check {source.connection} and that the database runs, then run it again",
    )
