"""An application's database beside the warehouse, for tests of the SQL door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from tests.conftest import PROJECT_ROOT
from warehouse import Warehouse

EXAMPLE = PROJECT_ROOT / "examples" / "sql_sources" / "app_usage.yaml"
TABLE = """
create schema billing;
create table billing.usage_records (
    record_id bigint generated always as identity primary key,
    account text not null, kind text not null, amount numeric not null,
    used_at timestamptz not null, updated_at timestamptz not null default clock_timestamp(),
    attributes jsonb not null default '{}'
);
create role reader login password 'shown to nobody';
grant usage on schema billing to reader;
grant select on billing.usage_records to reader;
"""
INSERT = """
insert into billing.usage_records (account, kind, amount, used_at, updated_at, attributes)
select 'c' || n, 'calls', n + 0.000000001, timestamptz '2026-09-01 00:00:00.5+02',
    now() - make_interval(mins => :ago), '{"model": "m"}'
from generate_series(1, :count) as n
"""


@dataclass(frozen=True)
class Application:
    """The application's database, on the same server as the warehouse."""

    engine: Engine
    source: Path

    def execute(self, statement: str, **values: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def insert(self, count: int, *, ago: int = 0) -> None:
        """Inserts rows whose cursor lies some minutes back."""
        self.execute(INSERT, count=count, ago=ago)

    def write_source(self, old: str, new: str) -> Path:
        """Changes the source's file."""
        written = self.source.read_text()
        assert old in written
        self.source.write_text(written.replace(old, new))
        return self.source


@contextmanager
def serving_application(
    warehouse: Warehouse, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Application]:
    """Makes the database, a reader's login and a source file while the context is open."""
    name = f"app_{warehouse.admin_url.database}"
    admin = create_engine(warehouse.admin_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine = create_engine(warehouse.admin_url.set(database=name))
    with engine.begin() as connection:
        connection.exec_driver_sql(TABLE)
    url = warehouse.admin_url.set(
        drivername="postgresql", database=name, username="reader", password="shown to nobody"
    )
    monkeypatch.setenv("APP_DATABASE_URL", url.render_as_string(hide_password=False))
    source = folder / "app_usage.yaml"
    source.write_text(EXAMPLE.read_text())
    yield Application(engine, source)
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
        connection.execute(text("drop role reader"))
    admin.dispose()
