"""Made-up traffic by SQL: rows of a table in an application's Postgres."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ingestion.traffic.settings import TrafficSettings
from warehouse.errors import MeterhouseError

_FIELDS = ("event_id", "customer_id", "event_type", "occurred_at", "quantity", "properties")


class SqlDoor:
    """A table: `id` counts up, the fields of an event are text, null where a line has none.

    Args:
        settings: The database and the table.

    Raises:
        MeterhouseError: No database is named, or it can't be reached.
    """

    def __init__(self, settings: TrafficSettings) -> None:
        url = settings.sql_url.get_secret_value()
        if not url:
            raise MeterhouseError(
                "No database is named.",
                remedy="set METERHOUSE_TRAFFIC_SQL_URL=postgresql://user:password@host:5432/database",
            )
        schema, _, table = settings.sql_table.rpartition(".")
        self._table = sa.Table(
            table,
            sa.MetaData(schema=schema or None),
            sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
            *(sa.Column(name, sa.Text) for name in _FIELDS),
            sa.Column(
                "created_at",
                sa.DateTime(timezone=True),
                nullable=False,
                server_default=sa.func.clock_timestamp(),
            ),
        )
        try:
            self._engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg2"))
            self._table.create(self._engine, checkfirst=True)
        except sa.exc.SQLAlchemyError as error:
            raise MeterhouseError(
                f"The application's database can't be used: {error.__cause__ or error}",
                remedy="check METERHOUSE_TRAFFIC_SQL_URL, and that its user may make tables",
            ) from error

    def send(self, lines: Sequence[bytes]) -> None:
        """Inserts rows in one transaction."""
        try:
            with self._engine.begin() as connection:
                connection.execute(self._table.insert(), [_read_row(line) for line in lines])
        except sa.exc.SQLAlchemyError as error:
            raise OSError(f"the rows were not inserted: {error.__cause__ or error}") from error

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()


def _read_row(line: bytes) -> dict[str, Any]:
    """Reads the fields of a line as text; all are null in a line that is no JSON."""
    try:
        event = json.loads(line, parse_float=str, parse_int=str)
    except ValueError:
        event = {}
    properties = event.get("properties")
    row = {name: event.get(name) for name in _FIELDS[:-1]}
    return {**row, "properties": None if properties is None else json.dumps(properties)}
