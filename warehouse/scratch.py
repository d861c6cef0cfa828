"""Scratch warehouses: databases of their own on the same server, removed after use."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from warehouse.crash_points import crash_point
from warehouse.errors import MeterhouseError
from warehouse.roles import Role
from warehouse.settings import WarehouseSettings
from warehouse.warehouse import Warehouse, open_warehouse, orchestration_database

MARK = "_scratch_"
LOCK = "hashtextextended('meterhouse:scratch:' || :name, 0)"


@contextmanager
def scratch_warehouse(warehouse: Warehouse) -> Iterator[Warehouse]:
    """Makes an empty, migrated warehouse beside another one; removed when the context ends.

    What a killed process left of its own is removed first.

    Args:
        warehouse: The warehouse whose server and roles are used; its data is not touched.

    Yields:
        The scratch warehouse, with a state folder below that of the other.

    Raises:
        MeterhouseError: The administrator may not make databases.
    """
    name = f"{warehouse.admin_url.database}{MARK}{secrets.token_hex(4)}"
    folder = _folder_of(warehouse, name)
    server = create_engine(
        warehouse.admin_url.set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        _remove_leftovers(connection, warehouse)
        connection.execute(text(f"select pg_advisory_lock({LOCK})"), {"name": name})
        scratch = None
        try:
            scratch = _opened(warehouse, name, folder)
            crash_point("scratch.after_open")
            yield scratch
        finally:
            for role in Role if scratch is not None else ():
                scratch.engine(role).dispose()
            _remove(connection, name, folder)
            with suppress(DBAPIError):
                connection.execute(text("select pg_advisory_unlock_all()"))
    server.dispose()


def _opened(warehouse: Warehouse, name: str, folder: Path) -> Warehouse:
    url = warehouse.admin_url.set(drivername="postgresql", database=name)
    settings = WarehouseSettings(
        state_dir=folder,
        database_url=url.render_as_string(hide_password=False),
        role_secret=warehouse.secret,
    )
    try:
        return open_warehouse(settings)
    except ProgrammingError as error:
        if "permission denied" not in str(error.orig):
            raise
        raise MeterhouseError(
            "The administrator of this Postgres may not make databases.",
            remedy="grant it CREATEDB, or use a server where it may",
        ) from error


def _remove_leftovers(connection: Connection, warehouse: Warehouse) -> None:
    """Removes scratch databases whose process is gone: nobody holds their lock."""
    prefix = f"{warehouse.admin_url.database}{MARK}"
    query = text("select datname from pg_database where starts_with(datname, :prefix)")
    for name in sorted(connection.execute(query, {"prefix": prefix}).scalars()):
        owner = name.removesuffix("_dagster")
        lock = {"name": owner}
        if connection.execute(text(f"select pg_try_advisory_lock({LOCK})"), lock).scalar_one():
            _remove(connection, owner, _folder_of(warehouse, owner))
            connection.execute(text(f"select pg_advisory_unlock({LOCK})"), lock)


def _remove(connection: Connection, name: str, folder: Path) -> None:
    quote = connection.dialect.identifier_preparer.quote
    for database in (name, orchestration_database(name)):
        connection.execute(text(f"drop database if exists {quote(database)} with (force)"))
    shutil.rmtree(folder, ignore_errors=True)


def _folder_of(warehouse: Warehouse, name: str) -> Path:
    return warehouse.state_dir / "scratch" / name
