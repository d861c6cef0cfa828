"""Alembic's entry: runs the migrations on the connection that `upgrade` holds."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="meterhouse_version",
    version_table_schema="public",
)
context.run_migrations()
