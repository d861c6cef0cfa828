"""The warehouse opens, knows itself, and lets each role do its own work only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from warehouse import MeterhouseError, Role, Warehouse, WarehouseSettings, open_warehouse


def settings_of(warehouse: Warehouse, *, state_dir: Path | None = None) -> WarehouseSettings:
    url = warehouse.admin_url.set(drivername="postgresql")
    return WarehouseSettings(
        state_dir=state_dir or warehouse.state_dir,
        database_url=url.render_as_string(hide_password=False),
        role_secret=warehouse.secret,
    )


def test_opening_again_finds_the_same_warehouse(warehouse: Warehouse) -> None:
    assert open_warehouse(settings_of(warehouse)).warehouse_id == warehouse.warehouse_id


def test_a_state_folder_of_another_warehouse_is_refused(
    make_warehouse: object, warehouse: Warehouse
) -> None:
    other = make_warehouse()  # type: ignore[operator]
    moved = settings_of(warehouse, state_dir=other.state_dir)
    mark = other.state_dir / f"warehouse_id.{warehouse.admin_url.database}"
    mark.write_text(other.warehouse_id)
    with pytest.raises(MeterhouseError, match="belongs to"):
        open_warehouse(moved)


def test_an_unreachable_server_is_a_clear_error(tmp_path: Path) -> None:
    settings = WarehouseSettings(
        state_dir=tmp_path, database_url="postgresql://nobody:x@127.0.0.1:1/none"
    )
    with pytest.raises(MeterhouseError, match="can't be reached"):
        open_warehouse(settings)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (Role.REPORTER, "select * from raw_usage.events"),
        (Role.REPORTER, "select * from ops.loads"),
        (Role.REPORTER, "create table reporting.mine (a int)"),
        (Role.LOADER, "insert into ops.event_registry values (1, 1, 'c', 1, 1, 'd')"),
        (Role.LOADER, "update raw_usage.events set quantity = 1"),
        (Role.TRANSFORMER, "insert into raw_usage.events (load_id) values (1)"),
        (Role.TRANSFORMER, "update ops.event_registry set load_id = 1"),
        (Role.TRANSFORMER, "delete from ops.event_fates"),
        (Role.FINANCE, "delete from ops.closes"),
        (Role.FINANCE, "update ops.closes set invoice_count = 0"),
        (Role.FINANCE, "truncate ops.closes"),
    ],
)
def test_a_role_may_not_do_the_work_of_another(
    warehouse: Warehouse, role: Role, statement: str
) -> None:
    with (
        warehouse.engine(role).connect() as connection,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        connection.execute(text(statement))


def test_secrets_stay_out_of_the_representation(warehouse: Warehouse) -> None:
    shown = repr(replace(warehouse))
    assert warehouse.secret not in shown
    assert str(warehouse.admin_url.password) not in shown


def test_only_run_history_commits_without_waiting(warehouse: Warehouse) -> None:
    waiting = {}
    for role in Role:
        is_orchestrator = role is Role.ORCHESTRATOR
        url = warehouse.orchestration_url() if is_orchestrator else warehouse.url(role)
        engine = create_engine(url)
        with engine.connect() as connection:
            waiting[role] = connection.execute(text("show synchronous_commit")).scalar_one()
        engine.dispose()
    assert waiting.pop(Role.ORCHESTRATOR) == "off"
    assert set(waiting.values()) == {"on"}
