"""Versioned migrations of what dbt doesn't own: schemas, roles, grants, raw and control tables."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from warehouse.errors import MeterhouseError
from warehouse.roles import OWNER_ROLE, Role, role_password

HEAD = "0016"
LOCK = "select pg_advisory_xact_lock(hashtextextended('meterhouse:migrate', 0))"


def ensure_database(url: URL, *, secret: str, orchestration: str) -> None:
    """Makes the roles, our database and the orchestrator's database where they are missing.

    Args:
        url: The administrator's URL; its database is the warehouse.
        secret: Secret that the role passwords derive from.
        orchestration: Name of the orchestrator's database.

    Raises:
        MeterhouseError: The server is older than Postgres 16.
        OperationalError: The server can't be reached.
    """
    if _is_ready(url, secret=secret):
        return
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        version = int(connection.execute(text("show server_version_num")).scalar_one())
        if version < 160000:
            raise MeterhouseError(
                f"Postgres {version // 10000} is too old.", remedy="use Postgres 16 or newer"
            )
        connection.execute(
            text("select pg_advisory_lock(hashtextextended('meterhouse:migrate', 0))")
        )
        _ensure_roles(connection, secret=secret)
        for database, owner in ((url.database or "", None), (orchestration, Role.ORCHESTRATOR)):
            _ensure_one_database(connection, database, owner=owner)
    server.dispose()


def upgrade(url: URL) -> str:
    """Brings the warehouse to the newest version of its control tables.

    Args:
        url: The administrator's URL.

    Returns:
        The warehouse's identity.

    Raises:
        MeterhouseError: The warehouse was made by a newer release than this one.
    """
    engine = create_engine(url)
    with engine.begin() as connection:
        found = _version(connection)
        if found is not None and found > HEAD:
            raise MeterhouseError(
                f"This warehouse is at version {found}; this release knows {HEAD}.",
                remedy="use the release that made it, or a newer one",
            )
        if found != HEAD:
            connection.execute(text(LOCK))
            _run_alembic(connection)
        identity = connection.execute(text("select warehouse_id from ops.warehouse")).scalar_one()
    engine.dispose()
    return str(identity)


def _run_alembic(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def _version(connection: Connection) -> str | None:
    exists = connection.execute(text("select to_regclass('public.meterhouse_version')")).scalar()
    if exists is None:
        return None
    return connection.execute(text("select version_num from meterhouse_version")).scalar()


def _secret_mark(secret: str) -> str:
    return "meterhouse " + hashlib.sha256(secret.encode()).hexdigest()[:16]


def _is_ready(url: URL, *, secret: str) -> bool:
    """Whether the database exists and the roles have passwords from this secret."""
    engine = create_engine(url)
    query = "select shobj_description(oid, 'pg_authid') from pg_roles where rolname = :name"
    try:
        with engine.connect() as connection:
            mark = connection.execute(text(query), {"name": OWNER_ROLE}).scalar()
    except OperationalError as error:
        if "does not exist" in str(error.orig):
            return False
        raise
    finally:
        engine.dispose()
    return mark == _secret_mark(secret)


def _ensure_roles(connection: Connection, *, secret: str) -> None:
    names = set(connection.execute(text("select rolname from pg_roles")).scalars())
    if OWNER_ROLE not in names:
        connection.execute(text(f"create role {OWNER_ROLE} nologin"))
    # The passwords are 256 random bits: nothing to guess, so nothing to slow down. dagster-postgres
    # opens a connection for every event, and each would pay for the iterations.
    connection.execute(text("set scram_iterations = 16"))
    for role in Role:
        verb = "alter" if role.value in names else "create"
        password = role_password(role, secret=secret)
        connection.execute(text(f"{verb} role {role.value} login password '{password}'"))
    # Run history is no money: losing its last moments in a crash costs nothing, waiting does.
    connection.execute(text(f"alter role {Role.ORCHESTRATOR.value} set synchronous_commit = off"))
    connection.execute(text(f"comment on role {OWNER_ROLE} is '{_secret_mark(secret)}'"))


def _ensure_one_database(connection: Connection, database: str, *, owner: Role | None) -> None:
    quoted = connection.dialect.identifier_preparer.quote(database)
    query = text("select 1 from pg_database where datname = :name")
    if connection.execute(query, {"name": database}).scalar() is None:
        connection.execute(text(f"create database {quoted} encoding 'UTF8' template template0"))
    if owner is not None:
        connection.execute(text(f"grant {owner.value} to current_user"))
        connection.execute(text(f"alter database {quoted} owner to {owner.value}"))
    connection.execute(text(f"revoke all on database {quoted} from public"))
