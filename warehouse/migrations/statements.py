"""Runs the SQL of a migration as it stands."""

from __future__ import annotations

from alembic import op


def execute(statements: str) -> None:
    """Runs statements on the migration's connection, by the driver's own cursor.

    The cursor takes `%` as it stands when no parameters are given. Grants of the MAINTAIN privilege
    are left out on Postgres 16, which doesn't know it.

    Args:
        statements: SQL, each statement ended by a semicolon; none at all is fine.
    """
    version = op.get_bind().exec_driver_sql("show server_version_num").scalar_one()
    if int(version) < 170000:
        parts = statements.split(";")
        statements = ";".join(part for part in parts if "grant maintain" not in part)
    if statements.strip():
        op.get_bind().connection.cursor().execute(statements)
