"""One snapshot of the warehouse to read from, and plain words when the models are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import ProgrammingError

from warehouse import MeterhouseError, Role, Warehouse

Row = Mapping[str, Any]
NOT_BUILT = {"42P01", "42703", "3F000"}


@contextmanager
def snapshot(warehouse: Warehouse) -> Iterator[Connection]:
    """Opens a read-only connection that sees one state of everything.

    Args:
        warehouse: The warehouse.

    Yields:
        The connection.

    Raises:
        MeterhouseError: What is read is not there yet, or is of older code.
    """
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    try:
        with warehouse.engine(Role.TRANSFORMER).connect() as connection:
            yield connection.execution_options(**options)
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", "") not in NOT_BUILT:
            raise
        raise MeterhouseError(
            "The models that are read are not there yet, or are of older code.",
            remedy="run ./meterhouse build once",
        ) from error


def select(connection: Connection, query: TextClause, **values: object) -> list[dict[str, Any]]:
    """Reads the rows of a query.

    Args:
        connection: Where to read.
        query: The query.
        **values: Its parameters.

    Returns:
        The rows, by column.
    """
    return [dict(row) for row in connection.execute(query, values).mappings()]
