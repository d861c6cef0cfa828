"""One opened warehouse: a Postgres that runs, is migrated, and is known to be ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import OperationalError

from warehouse.errors import MeterhouseError
from warehouse.migrations import ensure_database, upgrade
from warehouse.roles import Role, role_password
from warehouse.server import ADMIN_USER, EmbeddedServer, _kept_secret
from warehouse.settings import WarehouseSettings

DRIVER = "postgresql+psycopg2"


@dataclass(frozen=True)
class Warehouse:
    """A warehouse that is open for work.

    Attributes:
        admin_url: The administrator's URL; used by migrations only.
        warehouse_id: Identity of this warehouse, kept in it and in the state folder.
        state_dir: Folder for working files and outputs.
        secret: Secret that the role passwords derive from.
    """

    admin_url: URL = field(repr=False)
    warehouse_id: str
    state_dir: Path
    secret: str = field(repr=False)

    def url(self, role: Role) -> URL:
        """Returns the SQLAlchemy URL by which `role` logs in."""
        return self.admin_url.set(
            username=role.value, password=role_password(role, secret=self.secret)
        )

    def engine(self, role: Role) -> Engine:
        """Returns the engine of `role`; its sessions run in UTC."""
        return _engine(self.url(role).render_as_string(hide_password=False), role.value)

    def orchestration_url(self) -> URL:
        """Returns the URL of the database in which the orchestrator keeps its own records."""
        return self.url(Role.ORCHESTRATOR).set(
            database=orchestration_database(self.admin_url.database or "")
        )

    def dbt_environment(self, role: Role) -> dict[str, str]:
        """Returns the variables that `dbt_project/profiles.yml` reads, for `role`."""
        url = self.url(role)
        return {
            "METERHOUSE_PG_HOST": url.host or "127.0.0.1",
            "METERHOUSE_PG_PORT": str(url.port or 5432),
            "METERHOUSE_PG_DATABASE": url.database or "",
            "METERHOUSE_PG_USER": url.username or "",
            "METERHOUSE_PG_PASSWORD": str(url.password or ""),
        }


def orchestration_database(database: str) -> str:
    """Returns the name of the orchestrator's database beside `database`."""
    return f"{database}_dagster"


@cache
def _engine(url: str, application_name: str) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "options": "-c timezone=UTC",
            "application_name": f"meterhouse:{application_name}",
            "connect_timeout": 10,
        },
    )


def open_warehouse(settings: WarehouseSettings | None = None) -> Warehouse:
    """Opens the warehouse: starts the embedded server if it is used, migrates, checks identity.

    Args:
        settings: Where the warehouse is; from the environment when not given.

    Returns:
        The opened warehouse.

    Raises:
        MeterhouseError: Postgres can't be reached, is too old, or is another warehouse than the one
            that this state folder belongs to.
    """
    settings = settings or WarehouseSettings()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    url = admin_url(settings)
    secret = settings.role_secret or _kept_secret(settings.state_dir / "role_secret")
    try:
        ensure_database(
            url, secret=secret, orchestration=orchestration_database(url.database or "")
        )
        warehouse_id = upgrade(url)
    except OperationalError as error:
        raise MeterhouseError(
            f"Postgres at {url.host}:{url.port} can't be reached: {str(error.orig).strip()}",
            remedy="check METERHOUSE_DATABASE_URL, or unset it to use the embedded server",
        ) from error
    _check_identity(settings.state_dir, warehouse_id, database=url.database or "")
    return Warehouse(
        admin_url=url, warehouse_id=warehouse_id, state_dir=settings.state_dir, secret=secret
    )


def embedded_server(settings: WarehouseSettings) -> EmbeddedServer:
    """Returns the embedded server that `settings` name; it may not run yet."""
    return EmbeddedServer(home=settings.state_dir / "postgres")


def admin_url(settings: WarehouseSettings) -> URL:
    """Returns the administrator's URL, starting the embedded server where that is the one.

    Raises:
        MeterhouseError: The configured URL can't be read, or the embedded server can't start.
    """
    if settings.database_url:
        try:
            url = make_url(settings.database_url)
        except Exception as error:
            raise MeterhouseError(
                "METERHOUSE_DATABASE_URL can't be read.",
                remedy="write it as postgresql://user:password@host:5432/database",
            ) from error
        return url.set(drivername=DRIVER)
    server = embedded_server(settings)
    return URL.create(
        DRIVER,
        username=ADMIN_USER,
        password=server.admin_password,
        host="127.0.0.1",
        port=server.ensure_running(),
        database=settings.database_name,
    )


def _check_identity(state_dir: Path, warehouse_id: str, *, database: str) -> None:
    """Refuses to go on when this state folder was made with another warehouse."""
    path = state_dir / f"warehouse_id.{database}"
    if not path.exists():
        path.write_text(warehouse_id)
        return
    known = path.read_text().strip()
    if known != warehouse_id:
        raise MeterhouseError(
            f"This is warehouse {warehouse_id}, but the state folder belongs to {known}.",
            remedy=f"point METERHOUSE_DATABASE_URL at the right database, or, if the change is "
            f"meant, delete {path.name} in the state folder",
        )
