"""Where Postgres is: settings, the embedded server, schemas, roles, grants, control tables."""

from warehouse.errors import MeterhouseError, Problem
from warehouse.roles import Role
from warehouse.settings import WarehouseSettings
from warehouse.warehouse import Warehouse, open_warehouse

__all__ = [
    "MeterhouseError",
    "Problem",
    "Role",
    "Warehouse",
    "WarehouseSettings",
    "open_warehouse",
]
